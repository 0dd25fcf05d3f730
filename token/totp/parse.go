package totp

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxText bounds what is looked at; the fullest QR code holds 7,089 characters.
const maxText = 64 << 10

// A Batch is what one text brought: one key, or several of an export.
type Batch struct {
	Keys []Key
	// Skipped says in a sentence each why entries of an export cannot be used.
	Skipped []string
	// Part of Parts: an export of many accounts comes in several QR codes.
	// Both are 1 for everything else.
	Part, Parts int
}

// Parse reads an otpauth URI, an otpauth-migration URI (Google Authenticator's
// export) or a bare base32 secret, with white space around it. A secret may come
// in groups. The caller
// wipes text and the keys. Every error wraps [ErrBadSeed].
func Parse(text []byte) ([]Key, error) {
	batch, err := ParseBatch(text)
	return batch.Keys, err
}

// ParseBatch is [Parse] that tells also what an export left out. At least one
// key is there when err is nil.
func ParseBatch(text []byte) (Batch, error) {
	var s scratch
	return s.parse(text)
}

// parse is [ParseBatch]; it wipes s.
func (s *scratch) parse(text []byte) (Batch, error) {
	defer s.wipe()
	text = bytes.TrimFunc(text, func(r rune) bool { return unicode.IsSpace(r) || isBlank(r) })
	switch {
	case len(text) == 0:
		return Batch{}, badSeed("the text is empty: give an otpauth URI or a base32 secret")
	case len(text) > maxText:
		return Batch{}, badSeed("the text has %d bytes, more than %d: give one otpauth URI or base32 secret", len(text), maxText)
	case !utf8.Valid(text):
		return Batch{}, badSeed("the text is not UTF-8: give an otpauth URI or a base32 secret")
	case bytes.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && !isBlank(r) }):
		return Batch{}, badSeed("the text holds a line break or control character: give one otpauth URI or base32 secret on one line")
	}
	scheme, rest, isURI := bytes.Cut(text, []byte("://"))
	switch {
	case !isURI:
		return single(s.parseBare(text))
	case strings.EqualFold(string(scheme), "otpauth"):
		return single(s.parseURI(rest))
	case strings.EqualFold(string(scheme), "otpauth-migration"):
		return s.parseMigration(rest)
	}
	return Batch{}, badSeed("the scheme must be otpauth or otpauth-migration: scan the QR code of the MFA device")
}

func single(k Key, err error) (Batch, error) {
	if err != nil {
		return Batch{}, err
	}
	return Batch{Keys: []Key{k}, Part: 1, Parts: 1}, nil
}

// printable says whether text can be shown as it is: no control characters, no
// line breaks, none of the invisible ones that turn or hide what follows.
func printable(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsGraphic(r) })
}
