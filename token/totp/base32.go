package totp

import (
	"bytes"
	"encoding/base32"
	"unicode"
	"unicode/utf8"
)

var unpadded = base32.StdEncoding.WithPadding(base32.NoPadding)

// parseBase32 decodes a secret: letters of either case, with or without
// padding (RFC 4648, 6).
func (s *scratch) parseBase32(text []byte) (Seed, error) {
	digits := s.copy(bytes.TrimRight(text, "="))
	if len(text)-len(digits) > 6 {
		return Seed{}, badSeed("the secret ends in more = than base32 has: copy it again")
	}
	// Beyond the longest secret there is nothing to decode.
	if n := unpadded.DecodedLen(len(digits)); n > 2*maxSecret {
		return Seed{}, checkSecretLen(n)
	}
	raw := s.room(unpadded.DecodedLen(len(digits)))
	for i, c := range digits {
		if 'a' <= c && c <= 'z' {
			c -= 'a' - 'A'
			digits[i] = c
		}
		if (c < 'A' || c > 'Z') && (c < '2' || c > '7') {
			return Seed{}, badSeed("character %d of the secret is not of base32, which has A to Z and 2 to 7: copy it again", i+1)
		}
	}
	n := decode(raw, digits)
	if err := checkSecretLen(n); err != nil {
		return Seed{}, err
	}
	// The decoder takes any number of characters and any bits after the last
	// byte; an encoder writes neither.
	again := unpadded.AppendEncode(s.room(len(digits))[:0], raw[:n])
	if !bytes.Equal(again, digits) {
		return Seed{}, badSeed("the secret of %d characters does not end with a byte: some are missing or too many; copy it again, whole",
			len(digits))
	}
	return newSeed(raw[:n]), nil
}

// decode decodes characters of base32 into raw, and returns how many bytes they
// are. The decoder of encoding/base32 copies its input first, where nobody can
// wipe it.
func decode(raw, digits []byte) (n int) {
	bits, held := uint16(0), 0
	for _, c := range digits {
		value := c - 'A'
		if c <= '7' {
			value = c - '2' + 26
		}
		bits, held = bits<<5|uint16(value), held+5
		if held >= 8 {
			held -= 8
			raw[n] = byte(bits >> held)
			n++
		}
	}
	return n
}

// parseBare reads a secret that stands alone.
func (s *scratch) parseBare(text []byte) (Key, error) {
	seed, err := s.parseSecret(text)
	if err != nil {
		return Key{}, err
	}
	return Key{Seed: seed, Digits: defaultDigits, Period: defaultPeriod, Algorithm: SHA1}, nil
}

// parseSecret reads a secret as people paste it: in groups parted by dashes or
// blanks, with what web pages put between them.
func (s *scratch) parseSecret(text []byte) (Seed, error) {
	joined := s.room(len(text))[:0]
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		if !isBlank(r) && !unicode.Is(unicode.Pd, r) {
			joined = append(joined, text[:n]...)
		}
		text = text[n:]
	}
	return s.parseBase32(joined)
}

// isBlank says that a character shows nothing, or room: spaces of any width,
// among them those that do not break, tabs, and what has no width: a soft hyphen,
// a mark of direction, the mark that begins some files. A line break is none.
func isBlank(r rune) bool { return r == '\t' || unicode.In(r, unicode.Zs, unicode.Cf) }
