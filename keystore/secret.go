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
type Secret struct {
	// mem is a function because fmt, which walks unexported fields by
	// reflection and on some verbs follows pointers, cannot look into one.
	mem func() *memory
}

type memory struct {
	mu   sync.Mutex
	page []byte // whole pages; nil once destroyed
	n    int
}

const redacted = "[redacted]"

// NewSecret moves b into locked memory and wipes b. The caller destroys it.
func NewSecret(b []byte) *Secret { return newSecret(b) }

// newSecret moves b into locked memory and wipes b.
func newSecret(b []byte) *Secret {
	m := &memory{page: newPage(len(b)), n: len(b)}
	copy(m.page, b)
	clear(b)
	return &Secret{func() *memory { return m }}
}

// Bytes is the secret itself, not a copy. The slice must not be used after
// Destroy, which unmaps it. Bytes of a destroyed Secret is nil.
func (s *Secret) Bytes() []byte {
	if s == nil || s.mem == nil {
		return nil
	}
	m := s.mem()
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.page[:m.n:m.n]
}

// Destroy wipes the secret and gives its memory back. It may be called more
// than once, and on nil.
func (s *Secret) Destroy() {
	if s == nil || s.mem == nil {
		return
	}
	m := s.mem()
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.page)
	freePage(m.page)
	m.page, m.n = nil, 0
}

// Format implements [fmt.Formatter]: [redacted], whatever the verb.
func (Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// LogValue implements [slog.LogValuer].
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText implements [encoding.TextMarshaler], which JSON uses too.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
