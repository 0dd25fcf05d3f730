package cmd_test

import (
	"bytes"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"
	"golang.org/x/crypto/chacha20poly1305"
)

// handmade is a recipient by the text of https://c2sp.org/age-piv-p256, which
// is how age-plugin-yubikey writes, and by nothing of ours.
type handmade struct{ *ecdh.PublicKey }

func (to handmade) Wrap(fileKey []byte) ([]*age.Stanza, error) {
	ephemeral, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	shared, err := ephemeral.ECDH(to.PublicKey)
	if err != nil {
		return nil, err
	}
	share, public := compressed(ephemeral.PublicKey()), compressed(to.PublicKey)
	key, err := hkdf.Key(sha256.New, shared, slices.Concat(share, public), "piv-p256", 32)
	if err != nil {
		return nil, err
	}
	aead, err := chacha20poly1305.New(key)
	if err != nil {
		return nil, err
	}
	tag := sha256.Sum256(public)
	text := base64.RawStdEncoding.EncodeToString
	return []*age.Stanza{{
		Type: "piv-p256", Args: []string{text(tag[:4]), text(share)},
		Body: aead.Seal(nil, make([]byte, aead.NonceSize()), fileKey, nil),
	}}, nil
}

func compressed(p *ecdh.PublicKey) []byte {
	point := p.Bytes()
	return append([]byte{2 + point[len(point)-1]&1}, point[1:33]...)
}

// A key that another tool made in a retired slot opens the vault, and what
// others encrypted to it opens with the plugin that mfad brings.
func TestKeyOfAnotherToolIsUsed(t *testing.T) {
	t.Parallel()
	d := newDesk(t, 12345678).start()
	pem := d.path("public.pem")
	d.ykman("piv", "keys", "generate", "--management-key", strings.Repeat("0102030405060708", 3), "--algorithm", "ECCP256", "--pin-policy", "NEVER", "--touch-policy", "CACHED", "82", pem)
	d.ykman("piv", "certificates", "generate", "--management-key", strings.Repeat("0102030405060708", 3), "--pin", "123456", "--subject", "CN=age identity 0b5f3d2e,OU=0.5.0,O=age-plugin-yubikey", "82", pem)
	private := d.keys[0].Key(0x82).(*ecdh.PrivateKey)

	d.furnish()
	slot := d.addSlot("piv", "--piv-slot", "82")
	if key := d.keys[0].Key(0x82); !key.(*ecdh.PrivateKey).Equal(private) || d.keys[0].Key(0x83) != nil {
		t.Error("the key in the slot is another, or a new one was made")
	}
	d.opens("", "--slot", slot.ID)
	d.do("", "agent", "stop")

	var file bytes.Buffer
	w := must(age.Encrypt(&file, handmade{private.PublicKey()}))(t)
	if _, err := w.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	identity := d.write("piv.txt", slot.Identity+"\n")
	if plain := d.age(t, identity, d.write("hello.age", file.String())); plain != "hello" {
		t.Errorf("age opened %q", plain)
	}
	d.do("", "agent", "start")
	if keys := d.tokens().Tokens[0].PIV.Keys; len(keys) != 1 || keys[0].Slot != "82" || !strings.Contains(keys[0].Subject, "age-plugin-yubikey") || keys[0].Touch != "cached" {
		t.Errorf("token list tells %+v", keys)
	}
}
