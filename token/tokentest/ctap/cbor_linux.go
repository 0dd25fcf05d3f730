package ctap

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/fxamacker/cbor/v2"
)

// CTAP2 has a canonical form of CBOR (8) of its own.
var (
	encoding = must(cbor.CTAP2EncOptions().EncMode())
	decoding = must(cbor.DecOptions{
		DupMapKey:       cbor.DupMapKeyEnforcedAPF,
		IndefLength:     cbor.IndefLengthForbidden,
		TagsMd:          cbor.TagsForbidden,
		MaxNestedLevels: 4,
	}.DecMode())
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

var errNotCanonical = errors.New("CBOR is not in the canonical form of CTAP2")

// parse reads the parameters of a command. Only the canonical form is taken.
func parse(data []byte, into any) error {
	var any any
	if err := decoding.Unmarshal(data, &any); err != nil {
		return fmt.Errorf("%w: %w", StatusInvalidCBOR, err)
	}
	again, err := encoding.Marshal(any)
	if err != nil || !bytes.Equal(again, data) {
		return fmt.Errorf("%w: %w", StatusInvalidCBOR, errNotCanonical)
	}
	if err := decoding.Unmarshal(data, into); err != nil {
		return fmt.Errorf("%w: %w", StatusUnexpectedType, err)
	}
	return nil
}

// coseKey is a P-256 key (RFC 9053, 7.1.1), for signing or for key agreement.
type coseKey struct {
	Kty int    `cbor:"1,keyasint"`
	Alg int    `cbor:"3,keyasint"`
	Crv int    `cbor:"-1,keyasint"`
	X   []byte `cbor:"-2,keyasint"`
	Y   []byte `cbor:"-3,keyasint"`
}

const (
	algES256 = -7
	algECDH  = -25 // ECDH-ES+HKDF-256, by name only: 6.5.6
)

func coseOf(alg int, point []byte) coseKey {
	return coseKey{Kty: 2, Alg: alg, Crv: 1, X: point[1:33], Y: point[33:65]}
}
