package piv

import (
	"crypto/ecdh"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"filippo.io/age"

	"github.com/mfad/mfad/token"
)

// b64 is age's: canonical, without padding.
var b64 = base64.RawStdEncoding.Strict()

// line is a stanza of ours, parsed.
type line struct {
	kind  string // typeP256 or typeTag
	tag   [tagLen]byte
	share *ecdh.PublicKey
	body  []byte
}

// pick returns the first stanza that is for the identity, going by its tag. A
// stanza of a type of ours that is not well formed is an error, whoever it is
// for; the others are passed over. All errors wrap token.ErrInvalid.
//
// One is enough: two keys have one tag by chance once in four thousand
// million, and each try may cost a touch.
func pick(i Identity, stanzas []*age.Stanza) (line, error) {
	var found *line
	for _, s := range stanzas {
		if s.Type != typeP256 && s.Type != typeTag {
			continue
		}
		l, err := parseStanza(s)
		if err != nil {
			return line{}, fmt.Errorf("%w: the %s stanza: %v", token.ErrInvalid, s.Type, err)
		}
		ours, err := l.isFor(i)
		if err != nil {
			return line{}, fmt.Errorf("%w: the %s stanza: %v", token.ErrInvalid, s.Type, err)
		}
		if ours && found == nil {
			found = &l
		}
	}
	if found == nil {
		return line{}, fmt.Errorf("%w: no stanza is for the key in slot %s", token.ErrInvalid, slotName(i.Slot))
	}
	return *found, nil
}

func parseStanza(s *age.Stanza) (line, error) {
	if len(s.Args) != 2 {
		return line{}, fmt.Errorf("%d arguments instead of 2", len(s.Args))
	}
	if len(s.Body) != wrappedLen {
		return line{}, fmt.Errorf("a body of %d bytes instead of %d", len(s.Body), wrappedLen)
	}
	tag, err := decode(s.Args[0])
	if err != nil || len(tag) != tagLen {
		return line{}, errors.New("the tag is not 4 bytes of canonical base64")
	}
	point, err := decode(s.Args[1])
	if err != nil {
		return line{}, errors.New("the key share is not canonical base64")
	}
	share, err := parseShare(s.Type, point)
	if err != nil {
		return line{}, fmt.Errorf("the key share: %v", err)
	}
	return line{kind: s.Type, tag: [tagLen]byte(tag), share: share, body: s.Body}, nil
}

// parseShare: piv-p256 has a compressed point, p256tag an uncompressed one.
func parseShare(kind string, point []byte) (*ecdh.PublicKey, error) {
	if kind == typeP256 {
		return decompress(point)
	}
	return ecdh.P256().NewPublicKey(point)
}

// decode passes no line breaks over, as encoding/base64 does.
func decode(s string) ([]byte, error) {
	if strings.ContainsAny(s, "\r\n") {
		return nil, errors.New("line break")
	}
	return b64.DecodeString(s)
}

func (l line) isFor(i Identity) (bool, error) {
	if l.kind == typeP256 {
		return l.tag == i.Tag, nil
	}
	want, err := tagFor(i, l.share.Bytes())
	return l.tag == want, err
}

// open unwraps the file key with the private key k, which it uses once. An
// error of k comes back wrapped; one of the stanza is token.ErrInvalid.
func (l line) open(k ecdh.KeyExchanger) ([]byte, error) {
	opener := openP256
	if l.kind == typeTag {
		opener = openTag
	}
	fileKey, err := opener(k, l)
	switch {
	case errors.Is(err, errExchange):
		return nil, err
	case err != nil:
		const why = "does not open with the key that it names: it is damaged, or made for another key"
		return nil, fmt.Errorf("%w: the %s stanza %s", token.ErrInvalid, l.kind, why)
	}
	return fileKey, nil
}
