package credproc

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"
)

// sessionKey says what makes a session: the hash of its own settings and of
// all steps below it. Equal keys are the same session to AWS, whatever profile
// or region asked for it.
type sessionKey [sha256.Size]byte

// String is the id under which a session is listed.
func (k sessionKey) String() string { return hex.EncodeToString(k[:6]) }

func appendField(text []byte, field string) []byte {
	text = binary.AppendUvarint(text, uint64(len(field)))
	return append(text, field...)
}

// appendSet writes fields of which AWS does not mind the order.
func appendSet(text []byte, fields []string) []byte {
	text = binary.AppendUvarint(text, uint64(len(fields)))
	if len(fields) > 1 {
		fields = slices.Sorted(slices.Values(fields))
	}
	for _, field := range fields {
		text = appendField(text, field)
	}
	return text
}
