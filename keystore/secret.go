package keystore

import (
	"fmt"
	"log/slog"
	"sync"
)

// Secret is bytes that must not be copied, swapped to disk, dumped or printed.
// They stand in memory of their own, locked into RAM and left out of core dumps
// and of forked children where the system allows it; where it does not, the
// Secret works all the same.
//
// A Secret prints as [redacted] under every verb of fmt, in JSON and in slog.
// It is safe for concurrent use, but for the rule of Bytes.
type Secret struct{ mem *memory }

// memory is behind a pointer so that fmt, which walks unexported fields by
// reflection, sees an address and never the bytes.
type memory struct {
	mu   sync.Mutex
	page []byte // whole pages; nil once destroyed
	n    int
}

const redacted = "[redacted]"

// NewSecret moves b into locked memory and wipes b.
func NewSecret(b []byte) *Secret {
	m := &memory{page: newPage(len(b)), n: len(b)}
	copy(m.page, b)
	clear(b)
	return &Secret{m}
}

// Bytes is the secret itself, not a copy. The slice must not be used after
// Destroy, which unmaps it. Bytes of a destroyed Secret is nil.
func (s *Secret) Bytes() []byte {
	if s == nil || s.mem == nil {
		return nil
	}
	s.mem.mu.Lock()
	defer s.mem.mu.Unlock()
	return s.mem.page[:s.mem.n:s.mem.n]
}

// Len is the number of bytes; 0 once destroyed.
func (s *Secret) Len() int { return len(s.Bytes()) }

// Destroy wipes the secret and gives its memory back. It may be called more
// than once, and on nil.
func (s *Secret) Destroy() {
	if s == nil || s.mem == nil {
		return
	}
	s.mem.mu.Lock()
	defer s.mem.mu.Unlock()
	clear(s.mem.page)
	freePage(s.mem.page)
	s.mem.page, s.mem.n = nil, 0
}

// Format implements [fmt.Formatter]: [redacted], whatever the verb.
func (Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// LogValue implements [slog.LogValuer].
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText implements [encoding.TextMarshaler], which JSON uses too.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
