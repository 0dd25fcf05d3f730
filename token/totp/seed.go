package totp

import "fmt"

const redacted = "[redacted]"

// Seed is the shared secret of a key. It prints as [redacted] by every verb,
// in JSON and in slog. Copies share the one array, so that wiping one wipes
// all. The zero value is empty.
type Seed struct {
	// In an unexported field of somebody's struct fmt does not ask Format: it
	// prints an array, and for a verb that it does not know what one pointer
	// leads to. It never follows two.
	held **secret
}

type secret struct {
	array [maxSecret]byte
	len   int
}

// Bytes is the secret itself, not a copy, for who moves it elsewhere; nil once
// it was wiped.
func (s Seed) Bytes() []byte { return s.bytes() }

// newSeed copies b, which the caller wipes; the length was checked.
func newSeed(b []byte) Seed {
	s := &secret{len: len(b)}
	copy(s.array[:], b)
	return Seed{&s}
}

func (s Seed) bytes() []byte {
	if s.held == nil {
		return nil
	}
	return (*s.held).array[:(*s.held).len]
}

// Wipe overwrites the secret; s and all its copies are empty then.
func (s Seed) Wipe() {
	if s.held != nil {
		**s.held = secret{}
	}
}

// Format implements [fmt.Formatter] for every verb.
func (Seed) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte(redacted)) }

// MarshalText implements encoding.TextMarshaler; JSON and slog use it.
func (Seed) MarshalText() ([]byte, error) { return []byte(redacted), nil }
