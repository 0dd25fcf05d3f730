package ctap

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"slices"
)

// channelKeys is a PIN/UV auth protocol with its shared secret (6.5.6, 6.5.7).
type channelKeys struct {
	protocol uint64
	aes, mac []byte
}

// agree makes the secret shared with a host.
func (a *authenticator) agree(protocol uint64, host *coseKey) (*channelKeys, error) {
	if !slices.Contains(a.protocols, protocol) {
		return nil, StatusInvalidParameter
	}
	if host.Kty != 2 || host.Crv != 1 || host.Alg != algECDH || len(host.X) != 32 || len(host.Y) != 32 {
		return nil, StatusInvalidParameter
	}
	public, err := ecdh.P256().NewPublicKey(slices.Concat([]byte{4}, host.X, host.Y))
	if err != nil {
		return nil, StatusInvalidParameter
	}
	z, err := a.agreement.ECDH(public)
	if err != nil {
		return nil, StatusInvalidParameter
	}
	if protocol == 1 {
		shared := sha256.Sum256(z)
		return &channelKeys{protocol: 1, aes: shared[:], mac: shared[:]}, nil
	}
	salt := make([]byte, 32)
	return &channelKeys{
		protocol: 2,
		aes:      must(hkdf.Key(sha256.New, z, salt, "CTAP2 AES key", 32)),
		mac:      must(hkdf.Key(sha256.New, z, salt, "CTAP2 HMAC key", 32)),
	}, nil
}

func (c *channelKeys) encrypt(data []byte) []byte {
	iv := make([]byte, aes.BlockSize)
	var out []byte
	if c.protocol == 2 {
		rand.Read(iv)
		out = append(out, iv...)
	}
	body := make([]byte, len(data))
	cipher.NewCBCEncrypter(must(aes.NewCipher(c.aes)), iv).CryptBlocks(body, data)
	return append(out, body...)
}

func (c *channelKeys) decrypt(data []byte) (out []byte, ok bool) {
	iv := make([]byte, aes.BlockSize)
	if c.protocol == 2 {
		if len(data) < aes.BlockSize {
			return nil, false
		}
		iv, data = data[:aes.BlockSize], data[aes.BlockSize:]
	}
	if len(data) == 0 || len(data)%aes.BlockSize != 0 {
		return nil, false
	}
	out = make([]byte, len(data))
	cipher.NewCBCDecrypter(must(aes.NewCipher(c.aes)), iv).CryptBlocks(out, data)
	return out, true
}

func (c *channelKeys) authentic(data, tag []byte) bool {
	return authentic(c.protocol, c.mac, data, tag)
}

func authentic(protocol uint64, key, data, tag []byte) bool {
	h := hmac.New(sha256.New, key)
	h.Write(data)
	sum := h.Sum(nil)
	if protocol == 1 {
		sum = sum[:16]
	}
	return hmac.Equal(sum, tag)
}
