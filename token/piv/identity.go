package piv

import (
	"crypto/ecdh"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"filippo.io/age/plugin"

	"github.com/mfad/mfad/token"
)

// yubikeyPlugin is the name of age-plugin-yubikey in identities and recipients.
const yubikeyPlugin = "yubikey"

// Lengths of what an identity encodes.
const (
	tagLen     = 4
	pointLen   = 33                        // compressed
	mfadLen    = 1 + 4 + 1 + pointLen      // kind, serial, slot, public key
	yubikeyLen = 4 + 1 + tagLen            // serial, slot, tag
	secretLen  = 32                        // an x-coordinate
	wrappedLen = fileKeyLen + 16           // with Poly1305's tag
	fileKeyLen = 16                        // age's
	encLen     = 1 + secretLen + secretLen // an uncompressed point
)

// Identity points to a P-256 key in a slot of a token. It is public.
type Identity struct {
	Serial uint32 // of the token
	Slot   byte   // 0x9a, 0x9c, 0x9d, 0x9e, or retired: 0x82 to 0x95
	// Public is the key; nil in an identity of age-plugin-yubikey, which has
	// the Tag alone.
	Public *ecdh.PublicKey
	// Tag is the start of the SHA-256 of the compressed public key.
	Tag [tagLen]byte
}

// NewIdentity returns the identity of a P-256 key.
func NewIdentity(serial uint32, slot byte, public *ecdh.PublicKey) Identity {
	return Identity{Serial: serial, Slot: slot, Public: public, Tag: tagOf(public)}
}

func tagOf(public *ecdh.PublicKey) (tag [tagLen]byte) {
	sum := sha256.Sum256(compress(public))
	copy(tag[:], sum[:])
	return tag
}

// ParseIdentity parses AGE-PLUGIN-MFAD-1… of a PIV key, and
// AGE-PLUGIN-YUBIKEY-1…. Any other text, the identity of another kind of token
// too, is token.ErrInvalid.
func ParseIdentity(text string) (Identity, error) {
	name, data, err := plugin.ParseIdentity(text)
	if err != nil {
		return Identity{}, fmt.Errorf("parsing an identity: %w: %v", token.ErrInvalid, err)
	}
	var i Identity
	switch {
	case name == token.PluginName && len(data) > 0 && data[0] == token.IdentityPIV:
		i, err = parseOurs(data)
	case name == yubikeyPlugin:
		i, err = parseYubikey(data)
	default:
		err = fmt.Errorf("%w: not the identity of a PIV key", token.ErrInvalid)
	}
	if err != nil {
		return Identity{}, fmt.Errorf("parsing an identity: %w", err)
	}
	return i, nil
}

func parseOurs(data []byte) (Identity, error) {
	if len(data) != mfadLen {
		return Identity{}, fmt.Errorf("%w: %d bytes instead of %d", token.ErrInvalid, len(data), mfadLen)
	}
	public, err := decompress(data[6:])
	if err != nil {
		return Identity{}, fmt.Errorf("%w: %v", token.ErrInvalid, err)
	}
	return NewIdentity(binary.BigEndian.Uint32(data[1:5]), data[5], public), checkSlot(data[5])
}

// parseYubikey parses the payload that age-plugin-yubikey calls a stub.
func parseYubikey(data []byte) (Identity, error) {
	if len(data) != yubikeyLen {
		return Identity{}, fmt.Errorf("%w: %d bytes instead of %d", token.ErrInvalid, len(data), yubikeyLen)
	}
	return Identity{
		Serial: binary.LittleEndian.Uint32(data[:4]),
		Slot:   data[4],
		Tag:    [tagLen]byte(data[5:]),
	}, checkSlot(data[4])
}

// String is what [ParseIdentity] parses: ours when the public key is known,
// else age-plugin-yubikey's.
func (i Identity) String() string {
	if i.Public == nil {
		data := binary.LittleEndian.AppendUint32(nil, i.Serial)
		return plugin.EncodeIdentity(yubikeyPlugin, append(append(data, i.Slot), i.Tag[:]...))
	}
	data := binary.BigEndian.AppendUint32([]byte{token.IdentityPIV}, i.Serial)
	return plugin.EncodeIdentity(token.PluginName, append(append(data, i.Slot), compress(i.Public)...))
}

// Recipient is age-plugin-yubikey's, age1yubikey1…; empty when the public key
// is not known.
func (i Identity) Recipient() string {
	if i.Public == nil {
		return ""
	}
	return plugin.EncodeRecipient(yubikeyPlugin, compress(i.Public))
}

// is tells whether public is the identity's key.
func (i Identity) is(public *ecdh.PublicKey) bool {
	if i.Public == nil {
		return tagOf(public) == i.Tag
	}
	return i.Public.Equal(public)
}
