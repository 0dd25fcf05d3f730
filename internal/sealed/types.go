package sealed

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
)

// Bytes is a secret that is base64 in JSON. Who decodes one wipes it. It prints
// as [redacted].
type Bytes []byte

// Text is a secret that is a string in JSON, of characters that need no escape.
// Who makes one gives it away: it is wiped when it is encoded.
type Text []byte

// Object is a JSON object that holds secrets. Who makes one gives it away: it is
// wiped when it is written.
type Object []byte

var (
	_, _, _ json.Marshaler   = Bytes(nil), Text(nil), Object(nil)
	_, _, _ json.Unmarshaler = (*Bytes)(nil), (*Text)(nil), (*Object)(nil)
	_, _, _ fmt.Formatter    = Bytes(nil), Text(nil), Object(nil)
	_, _, _ slog.LogValuer   = Bytes(nil), Text(nil), Object(nil)
)

var errNoSecret = errors.New("a secret is missing or is no text")

// MarshalJSON writes a ticket, of which one stream makes the secret by [Fill].
// Nil is null.
func (b Bytes) MarshalJSON() ([]byte, error) {
	if b == nil {
		return []byte("null"), nil
	}
	value := make([]byte, base64.StdEncoding.EncodedLen(len(b))+2)
	value[0], value[len(value)-1] = '"', '"'
	base64.StdEncoding.Encode(value[1:], b)
	return ticketed(value), nil
}

// UnmarshalJSON reads the secret of a ticket that [Tickets.Lift] gave out, or a
// string of base64.
func (b *Bytes) UnmarshalJSON(value []byte) error {
	text, err := opened(value)
	if err != nil || text == nil {
		*b = nil
		return err
	}
	defer clear(text)
	decoded := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
	n, err := base64.StdEncoding.Decode(decoded, text)
	if err != nil {
		clear(decoded)
		return errNoSecret // its text would show where in the secret
	}
	*b = decoded[:n]
	return nil
}

// MarshalJSON is as that of [Bytes], and wipes t.
func (t Text) MarshalJSON() ([]byte, error) {
	if bytes.ContainsFunc(t, func(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' }) {
		return nil, errNoSecret
	}
	value := slices.Concat([]byte(`"`), t, []byte(`"`))
	clear(t)
	return ticketed(value), nil
}

// UnmarshalJSON reads the secret of a ticket, or a string.
func (t *Text) UnmarshalJSON(value []byte) error {
	text, err := opened(value)
	*t = text
	return err
}

// MarshalJSON is as that of [Bytes]; the object itself is kept, and wiped when it
// was written. It is on one line.
func (o Object) MarshalJSON() ([]byte, error) {
	if o == nil {
		return []byte("null"), nil
	}
	return ticketed(bytes.TrimSpace(o)), nil
}

// UnmarshalJSON keeps the object's text.
func (o *Object) UnmarshalJSON(value []byte) error {
	*o = bytes.Clone(value)
	return nil
}

func ticketed(value []byte) []byte { return []byte(`"` + depositWritten(value) + `"`) }

// opened is the text of a JSON string, whose ticket was exchanged; nil of null.
// The caller wipes it.
func opened(value []byte) ([]byte, error) {
	if string(value) == "null" {
		return nil, nil
	}
	if len(value) == ticketLen+2 && bytes.HasPrefix(value[1:], []byte(prefix)) {
		if value = take(value[1 : len(value)-1]); value == nil {
			return nil, errNoSecret
		}
		defer clear(value)
	}
	if len(value) < 2 || value[0] != '"' {
		return nil, errNoSecret
	}
	if bytes.IndexByte(value, '\\') < 0 {
		return bytes.Clone(value[1 : len(value)-1]), nil
	}
	var text string // a foreign client's, which escapes what needs no escape
	if err := json.Unmarshal(value, &text); err != nil {
		return nil, errNoSecret
	}
	return []byte(text), nil
}

const redacted = "[redacted]"

// Format implements [fmt.Formatter] for every verb.
func (Bytes) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte(redacted)) }

// LogValue implements [slog.LogValuer].
func (Bytes) LogValue() slog.Value { return slog.StringValue(redacted) }

// Format implements [fmt.Formatter] for every verb.
func (Text) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte(redacted)) }

// LogValue implements [slog.LogValuer].
func (Text) LogValue() slog.Value { return slog.StringValue(redacted) }

// Format implements [fmt.Formatter] for every verb.
func (Object) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte(redacted)) }

// LogValue implements [slog.LogValuer].
func (Object) LogValue() slog.Value { return slog.StringValue(redacted) }
