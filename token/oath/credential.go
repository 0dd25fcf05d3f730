package oath

import (
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"fmt"
	"hash"

	"github.com/mfad/mfad/token"
)

// The first byte of a key object: type and algorithm.
const (
	typeHOTP      = 0x10
	typeTOTP      = 0x20
	typeMask      = 0xF0
	algorithmSHA1 = 0x01
	algorithmMask = 0x0F
)

const (
	maxName       = 64
	minKey        = 14 // shorter ones are filled with zeros, which HMAC does too
	minDigits     = 6
	maxDigits     = 8
	propertyTouch = 0x02
)

// Credential is a key of the applet, without the key.
type Credential struct {
	Name      string // 1 to 64 bytes; ykman reads it as "issuer:account", or "60/issuer:account" for a period that is not 30 s
	Type      string // "totp" or "hotp"
	Algorithm string // "SHA1", "SHA256", "SHA512"
	Digits    int    // 6 to 8
	Touch     bool   // each computation wants a touch
	Counter   uint32 // the first, of "hotp" alone
}

type algorithm struct {
	name string
	new  func() hash.Hash
}

var algorithms = map[byte]algorithm{
	algorithmSHA1: {"SHA1", sha1.New},
	0x02:          {"SHA256", sha256.New},
	0x03:          {"SHA512", sha512.New},
}

var types = map[byte]string{typeHOTP: "hotp", typeTOTP: "totp"}

// Put puts a credential with its key on the token. Applets differ about a name
// that they hold already: YubiKeys overwrite, others refuse with an error that
// wraps token.ErrExists. token.ErrFull: no room; token.ErrInvalid: c cannot be.
func (a *Applet) Put(c Credential, key []byte) error {
	data, err := a.putData(c, key)
	if err != nil {
		return fmt.Errorf("putting %q on the token: %w", c.Name, err)
	}
	defer clear(data)
	if _, err := a.do(command{ins: insPut, data: data}); err != nil {
		return fmt.Errorf("putting %q on the token: %w", c.Name, err)
	}
	return nil
}

func (a *Applet) putData(c Credential, key []byte) ([]byte, error) {
	kind, alg, err := a.check(c, key)
	if err != nil {
		return nil, err
	}
	short := fit(key, algorithms[alg].new())
	defer clear(short)
	data := make([]byte, 0, 255) // room for all, so that no copy is left behind
	data = appendTLV(data, tagName, []byte(c.Name))
	data = appendTLV(data, tagKey, []byte{kind | alg, byte(c.Digits)}, short)
	if c.Touch {
		data = append(data, tagProperty, propertyTouch) // no length: it is no TLV
	}
	if c.Counter > 0 {
		data = appendTLV(data, tagCounter, binary.BigEndian.AppendUint32(nil, c.Counter))
	}
	return data, nil
}

// check says what cannot be right, and what this applet is too old for: an old
// YubiKey takes the order to want a touch, and does not heed it.
func (a *Applet) check(c Credential, key []byte) (kind, alg byte, err error) {
	kind, known := lookup(types, func(name string) bool { return name == c.Type })
	alg, knownAlg := lookup(algorithms, func(al algorithm) bool { return al.name == c.Algorithm })
	switch {
	case !known:
		return 0, 0, fmt.Errorf("%w: type %q is neither totp nor hotp", token.ErrInvalid, c.Type)
	case !knownAlg:
		return 0, 0, fmt.Errorf("%w: algorithm %q is none of SHA1, SHA256, SHA512", token.ErrInvalid, c.Algorithm)
	case c.Digits < minDigits || c.Digits > maxDigits:
		return 0, 0, fmt.Errorf("%w: %d digits, not %d to %d", token.ErrInvalid, c.Digits, minDigits, maxDigits)
	case len(key) == 0:
		return 0, 0, fmt.Errorf("%w: the key is empty", token.ErrInvalid)
	case c.Counter > 0 && kind != typeHOTP:
		return 0, 0, fmt.Errorf("%w: a counter is for hotp alone", token.ErrInvalid)
	}
	if err := checkName(c.Name); err != nil {
		return 0, 0, err
	}
	if c.Touch {
		err = a.needs("a touch for each code", version{4, 2, 6})
	}
	if c.Algorithm == "SHA512" && err == nil {
		err = a.needs("SHA512", version{4, 3, 1})
	}
	return kind, alg, err
}

func lookup[V any](m map[byte]V, fits func(V) bool) (byte, bool) {
	for k, v := range m {
		if fits(v) {
			return k, true
		}
	}
	return 0, false
}

func checkName(name string) error {
	if len(name) < 1 || len(name) > maxName {
		return fmt.Errorf("%w: a name of %d bytes, not 1 to %d", token.ErrInvalid, len(name), maxName)
	}
	return nil
}

// fit is the key as an HMAC of that hash sees it, in a form that the applet
// takes: hashed when it is longer than a block (RFC 2104, 2), filled up with
// zeros when it is very short.
func fit(key []byte, h hash.Hash) []byte {
	if len(key) > h.BlockSize() {
		h.Write(key)
		return h.Sum(nil)
	}
	short := make([]byte, max(len(key), minKey))
	copy(short, key)
	return short
}

// Delete takes a credential off the token; token.ErrNoCredential if it is not there.
func (a *Applet) Delete(name string) error {
	err := checkName(name)
	if err == nil {
		_, err = a.do(command{ins: insDelete, data: appendTLV(nil, tagName, []byte(name))})
	}
	if err != nil {
		return fmt.Errorf("deleting %q from the token: %w", name, err)
	}
	return nil
}

// Rename gives a credential another name; token.ErrUnsupported before version
// 5.3.1, token.ErrNoCredential if it is not there, token.ErrExists if the new
// name is taken: what an applet does then is not written anywhere.
func (a *Applet) Rename(from, to string) error {
	if err := a.rename(from, to); err != nil {
		return fmt.Errorf("renaming %q on the token: %w", from, err)
	}
	return nil
}

func (a *Applet) rename(from, to string) error {
	if err := a.needs("renaming", version{5, 3, 1}); err != nil {
		return err
	}
	for _, name := range []string{from, to} {
		if err := checkName(name); err != nil {
			return err
		}
	}
	held, err := a.names()
	if err != nil {
		return err
	}
	for _, c := range held {
		if c.Name == to && from != to {
			return fmt.Errorf("%w: %q", token.ErrExists, to)
		}
	}
	data := appendTLV(nil, tagName, []byte(from))
	data = appendTLV(data, tagName, []byte(to))
	_, err = a.do(command{ins: insRename, data: data})
	return err
}
