package keystore

import (
	"bytes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"

	"filippo.io/age"
	"golang.org/x/crypto/chacha20poly1305"

	"github.com/mfad/mfad/internal/forget"
)

// What age makes of a payload passes through buffers of its own, of 64 KiB,
// which nobody can wipe. All that a vault holds fits into one chunk, so that
// chunk is sealed and opened here, and no copy stays behind
// (https://c2sp.org/age, "Payload"). Headers, and with them all recipients and
// identities, are age's.

// maxSecret is the length of the longest secret, and of a chunk.
const maxSecret = 64 << 10

// payloadNonce is the length of what stands before the chunks.
const payloadNonce = 16

// onlyChunk is the nonce of a chunk that is the first and the last.
var onlyChunk = [chacha20poly1305.NonceSize]byte{chacha20poly1305.NonceSize - 1: 1}

func payloadCipher(fileKey, nonce []byte) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, fileKey, nonce, "payload", chacha20poly1305.KeySize)
	if err != nil {
		return nil, err
	}
	defer clear(key)
	return chacha20poly1305.New(key)
}

// tap is a recipient that sees the key of the file.
type tap struct {
	age.Recipient
	fileKey []byte // age's own, not a copy
}

func (t *tap) Wrap(fileKey []byte) ([]*age.Stanza, error) {
	t.fileKey = fileKey
	return t.Recipient.Wrap(fileKey)
}

// encrypt makes an age file of at most maxSecret bytes.
func encrypt(plain []byte, to age.Recipient) ([]byte, error) {
	return forget.Value(func() ([]byte, error) { return sealFile(plain, to) })
}

func sealFile(plain []byte, to age.Recipient) ([]byte, error) {
	var file bytes.Buffer
	t := &tap{Recipient: to}
	defer func() { clear(t.fileKey) }()
	if _, err := age.Encrypt(&file, t); err != nil { // writes the header and the nonce
		return nil, err
	}
	begun := file.Bytes()
	aead, err := payloadCipher(t.fileKey, begun[len(begun)-payloadNonce:])
	if err != nil {
		return nil, err
	}
	return aead.Seal(begun, onlyChunk[:], plain, nil), nil
}

var errPayload = errors.New("the payload is not what was written")

// decrypt opens an age file that [encrypt] or any age made of at most maxSecret
// bytes.
func decrypt(file []byte, id age.Identity) (*Secret, error) {
	return forget.Value(func() (*Secret, error) { return openFile(file, id) })
}

func openFile(file []byte, id age.Identity) (*Secret, error) {
	header, err := age.ExtractHeader(bytes.NewReader(file))
	if err != nil {
		return nil, err
	}
	payload, cut := bytes.CutPrefix(file, header)
	if !cut || len(payload) < payloadNonce {
		return nil, errPayload
	}
	fileKey, err := age.DecryptHeader(header, id)
	if err != nil {
		return nil, err
	}
	defer clear(fileKey)
	aead, err := payloadCipher(fileKey, payload[:payloadNonce])
	if err != nil {
		return nil, err
	}
	plain := make([]byte, 0, len(payload)) // one buffer takes it
	if plain, err = aead.Open(plain, onlyChunk[:], payload[payloadNonce:], nil); err != nil {
		return nil, errPayload
	}
	return newSecret(plain), nil
}
