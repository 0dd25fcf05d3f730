package fido2

import (
	"bytes"
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"
	"filippo.io/age/plugin"
	"github.com/google/go-cmp/cmp"

	"github.com/mfad/mfad/token"
)

// newPair makes an identity and the private key that a FIDO2 key would give.
func newPair(t testing.TB, pin bool) (Identity, *ecdh.PrivateKey) {
	t.Helper()
	key, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	i := Identity{Public: key.PublicKey(), PIN: pin, Credential: make([]byte, 65)}
	rand.Read(i.Salt[:])
	rand.Read(i.Credential)
	return i, key
}

var byText = cmp.Comparer(func(a, b Identity) bool { return a.String() == b.String() })

func TestIdentityIsReadAsItWasWritten(t *testing.T) {
	for _, pin := range []bool{false, true} {
		i, _ := newPair(t, pin)
		got, err := ParseIdentity(i.String())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(i, got, byText); diff != "" {
			t.Error(diff)
		}
		if !strings.HasPrefix(i.String(), "AGE-PLUGIN-MFAD-1") || !strings.HasPrefix(i.Recipient(), "age1fido2-hmac1") {
			t.Errorf("%s, %s", i, i.Recipient())
		}
		foreign := i
		foreign.Public = nil
		if got, err = ParseIdentity(foreign.String()); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(foreign, got, byText); diff != "" {
			t.Error(diff)
		}
		if !strings.HasPrefix(foreign.String(), "AGE-PLUGIN-FIDO2-HMAC-1") || foreign.Recipient() != "" {
			t.Errorf("%s, %s", foreign, foreign.Recipient())
		}
	}
}

func TestIdentityRefusesWhatItDoesNotKnow(t *testing.T) {
	good, _ := newPair(t, false)
	payload := good.payload()
	odd := func(change func(p []byte) []byte) string {
		return plugin.EncodeIdentity("mfad", append([]byte{token.IdentityFIDO2}, change(slices.Clone(payload))...))
	}
	for name, text := range map[string]string{
		"no identity":            "hello",
		"no payload":             plugin.EncodeIdentity("mfad", nil),
		"a PIV key":              plugin.EncodeIdentity("mfad", append([]byte{token.IdentityPIV}, payload...)),
		"another plugin":         plugin.EncodeIdentity("yubikey", payload),
		"another version":        odd(func(p []byte) []byte { p[1] = 3; return p }),
		"no version":             odd(func(p []byte) []byte { return p[:1] }),
		"an unknown flag":        odd(func(p []byte) []byte { p[34] = 2; return p }),
		"no credential":          odd(func(p []byte) []byte { return p[:67] }),
		"a very long credential": odd(func(p []byte) []byte { return append(p, make([]byte, 1024)...) }),
		// The plugin's identity for stanzas that tell all themselves.
		"dataless": "AGE-PLUGIN-FIDO2-HMAC-188VDVA",
	} {
		if _, err := ParseIdentity(text); !errors.Is(err, token.ErrInvalid) {
			t.Errorf("%s: %v, want token.ErrInvalid", name, err)
		}
	}
}

// Recipients and identities that age-plugin-fido2-hmac's own tests use.
func TestVersion1IsRefusedByName(t *testing.T) {
	const v1 = "AGE-PLUGIN-FIDO2-HMAC-1QQQSRGCQTPAYYLSEE84VECJJTC2E2DCSP4WY04SZ05Q98QURMU4Z79T6VFQ6R8T4PX97N6CARHPASL509TG83TW" +
		"VMMYE6XT6UV0497G43DSA4RSXTTKQXWU0YMTNLH9CNX5C0V7SUED4UJSM35YJASRUXEZZHPKWUN4WT88JVCGLVNC6SUJWN43TZNQ9WL3R5TJPC" +
		"VYKNX0EC2QPF38SSHMD3PQJ4U9260RHGQJSDJ7JPGZG6Q9MDV3RCQRPT2FUVYUP0YCK"
	if _, err := ParseIdentity(v1); !errors.Is(err, token.ErrInvalid) || !strings.Contains(err.Error(), "version") {
		t.Errorf("version 1: %v", err)
	}
}

func TestStanzaIsThatOfTheFormat(t *testing.T) {
	i, key := newPair(t, true)
	fileKey := bytes.Repeat([]byte{7}, 16)
	stanzas, err := wrap(i, i.Public, fileKey)
	if err != nil {
		t.Fatal(err)
	}
	s := stanzas[0]
	enc := base64.RawStdEncoding.EncodeToString
	want := []string{"AAI", s.Args[1], "AQ", enc(i.Salt[:]), enc(i.Credential)}
	if diff := cmp.Diff(want, s.Args); diff != "" || s.Type != "fido2-hmac" || len(s.Body) != 32 {
		t.Errorf("%s %d bytes\n%s", s.Type, len(s.Body), diff)
	}
	// By the format it is age's own stanza under another name.
	id, err := age.ParseX25519Identity(ageSecretKey(key.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	got, err := id.Unwrap([]*age.Stanza{{Type: "X25519", Args: s.Args[1:2], Body: s.Body}})
	if err != nil || !bytes.Equal(got, fileKey) {
		t.Errorf("age's X25519 does not open it: %v", err)
	}
}

func TestOpenReadsWhatAgeWraps(t *testing.T) {
	i, key := newPair(t, false)
	id, err := age.ParseX25519Identity(ageSecretKey(key.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	fileKey := bytes.Repeat([]byte{9}, 16)
	other, _ := newPair(t, false)
	stanzas, err := wrap(other, other.Public, fileKey)
	if err != nil {
		t.Fatal(err)
	}
	own, err := id.Recipient().Wrap(fileKey)
	if err != nil {
		t.Fatal(err)
	}
	i.Public = nil
	mine, err := pick(i, append(stanzas, own...))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := open(key, mine); err != nil || !bytes.Equal(got, fileKey) {
		t.Errorf("open: %v", err)
	}
	i.Public = key.PublicKey()
	if _, err := pick(i, own); !errors.Is(err, token.ErrInvalid) {
		t.Errorf("an X25519 stanza for an identity that never wraps so: %v", err)
	}
}

// malformedStanzas are those that must be refused before anybody is asked.
func malformedStanzas(t testing.TB, i Identity) map[string]*age.Stanza {
	t.Helper()
	out := map[string]*age.Stanza{}
	add := func(name string, change func(s *age.Stanza)) {
		stanzas, err := wrap(i, i.Public, make([]byte, 16))
		if err != nil {
			t.Fatal(err)
		}
		change(stanzas[0])
		out[name] = stanzas[0]
	}
	for n, name := range []string{"version", "share", "pin", "salt", "credential"} {
		add(name+" short", func(s *age.Stanza) { s.Args[n] = s.Args[n][:len(s.Args[n])-2] })
		add(name+" long", func(s *age.Stanza) { s.Args[n] += "AAAA" })
		add(name+" empty", func(s *age.Stanza) { s.Args[n] = "" })
		add(name+" not base64", func(s *age.Stanza) { s.Args[n] = "*" + s.Args[n][1:] })
	}
	add("flag 2", func(s *age.Stanza) { s.Args[2] = "Ag" })
	add("another flag", func(s *age.Stanza) { s.Args[2] = map[string]string{"AA": "AQ", "AQ": "AA"}[s.Args[2]] })
	add("padded", func(s *age.Stanza) { s.Args[3] += "=" })
	add("no arguments", func(s *age.Stanza) { s.Args = nil })
	add("an argument less", func(s *age.Stanza) { s.Args = s.Args[:4] })
	add("an argument more", func(s *age.Stanza) { s.Args = append(s.Args, "AA") })
	add("short body", func(s *age.Stanza) { s.Body = s.Body[:31] })
	add("long body", func(s *age.Stanza) { s.Body = append(s.Body, 0) })
	add("no body", func(s *age.Stanza) { s.Body = nil })
	return out
}

func TestMalformedStanzasAreRefused(t *testing.T) {
	i, _ := newPair(t, true)
	for name, s := range malformedStanzas(t, i) {
		if _, err := pick(i, []*age.Stanza{s}); !errors.Is(err, token.ErrInvalid) {
			t.Errorf("%s: %v, want token.ErrInvalid", name, err)
		}
	}
}

func TestOpenRefusesADamagedBody(t *testing.T) {
	i, key := newPair(t, false)
	stanzas, err := wrap(i, i.Public, make([]byte, 16))
	if err != nil {
		t.Fatal(err)
	}
	stanzas[0].Body[3] ^= 1
	mine, err := pick(i, stanzas)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := open(key, mine); !errors.Is(err, token.ErrInvalid) {
		t.Errorf("damaged: %v", err)
	}
	// A share of a small order gives everybody the same secret.
	stanzas[0].Args[1] = b64.EncodeToString(make([]byte, 32))
	if mine, err = pick(i, stanzas); err != nil {
		t.Fatal(err)
	}
	if _, err := open(key, mine); !errors.Is(err, token.ErrInvalid) {
		t.Errorf("share of zeros: %v", err)
	}
}

func FuzzParseIdentity(f *testing.F) {
	i, _ := newPair(f, true)
	f.Add(i.String())
	i.Public = nil
	f.Add(i.String())
	f.Add("AGE-PLUGIN-FIDO2-HMAC-188VDVA")
	f.Add("AGE-PLUGIN-MFAD-1")
	f.Fuzz(func(t *testing.T, text string) {
		i, err := ParseIdentity(text)
		if err != nil {
			if !errors.Is(err, token.ErrInvalid) {
				t.Fatalf("untyped error: %v", err)
			}
			return
		}
		if len(i.Credential) == 0 {
			t.Fatal("a credential without an ID: libfido2's binding panics on it")
		}
		if i.String() != text {
			t.Fatalf("%q is written %q", text, i)
		}
	})
}

// FuzzPick feeds stanzas through what reads them before any token is asked.
func FuzzPick(f *testing.F) {
	i, key := newPair(f, true)
	stanzas, err := wrap(i, i.Public, make([]byte, 16))
	if err != nil {
		f.Fatal(err)
	}
	s := stanzas[0]
	f.Add(s.Type, strings.Join(s.Args, " "), s.Body)
	f.Add("X25519", s.Args[1], s.Body)
	f.Fuzz(func(t *testing.T, kind, args string, body []byte) {
		for _, id := range []Identity{i, {PIN: i.PIN, Salt: i.Salt, Credential: i.Credential}} {
			mine, err := pick(id, []*age.Stanza{{Type: kind, Args: strings.Fields(args), Body: body}})
			if err == nil {
				_, err = open(key, mine)
			}
			if err != nil && !errors.Is(err, token.ErrInvalid) {
				t.Fatalf("untyped error: %v", err)
			}
		}
	})
}

// ageSecretKey writes an X25519 key as age reads it: Bech32 (BIP 173), for
// which age has no exported function.
func ageSecretKey(key []byte) string {
	const hrp, digits = "age-secret-key-", "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
	var values []byte
	acc, bits := 0, 0
	for _, b := range key {
		acc, bits = acc<<8|int(b), bits+8
		for bits >= 5 {
			bits -= 5
			values = append(values, byte(acc>>bits&31))
		}
	}
	if bits > 0 {
		values = append(values, byte(acc<<(5-bits)&31))
	}
	checked := []byte{}
	for _, c := range []byte(hrp) {
		checked = append(checked, c>>5)
	}
	checked = append(checked, 0)
	for _, c := range []byte(hrp) {
		checked = append(checked, c&31)
	}
	checked = append(append(checked, values...), make([]byte, 6)...)
	sum := uint32(1)
	for _, v := range checked {
		top := sum >> 25
		sum = sum&0x1ffffff<<5 ^ uint32(v)
		for n, g := range []uint32{0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3} {
			if top>>n&1 == 1 {
				sum ^= g
			}
		}
	}
	sum ^= 1
	for n := range 6 {
		values = append(values, byte(sum>>(5*(5-n))&31))
	}
	var text strings.Builder
	text.WriteString(hrp + "1")
	for _, v := range values {
		text.WriteString(string(digits[v]))
	}
	return strings.ToUpper(text.String())
}
