package piv

import (
	"bytes"
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"testing"

	"filippo.io/age"
	"filippo.io/age/plugin"
	"github.com/google/go-cmp/cmp"

	"github.com/mfad/mfad/token"
)

// vector is what others computed: see testdata/vectors.py and vectors.go.txt.
type vector struct {
	Private, Ephemeral, FileKey   unhex
	Serial                        uint32
	Slot                          byte
	Recipient                     string
	YubikeyIdentity, MfadIdentity string
	Args                          []string
	Body                          unhex
}

type unhex []byte

func (u *unhex) UnmarshalText(text []byte) error {
	b, err := hex.DecodeString(string(text))
	*u = b
	return err
}

func vectors(t testing.TB, kind string) []vector {
	t.Helper()
	data, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var all map[string][]vector
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	if len(all[kind]) == 0 {
		t.Fatalf("no vectors of %s", kind)
	}
	return all[kind]
}

func (v vector) stanza(kind string) *age.Stanza {
	return &age.Stanza{Type: kind, Args: v.Args, Body: v.Body}
}

func private(t testing.TB, b []byte) *ecdh.PrivateKey {
	t.Helper()
	k, err := ecdh.P256().NewPrivateKey(b)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func newKey(t testing.TB) *ecdh.PrivateKey {
	t.Helper()
	k, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestOthersStanzasOpen(t *testing.T) {
	for _, kind := range []string{typeP256, typeTag} {
		for _, v := range vectors(t, kind) {
			k := private(t, v.Private)
			l, err := pick(NewIdentity(v.Serial, v.Slot, k.PublicKey()), []*age.Stanza{v.stanza(kind)})
			if err != nil {
				t.Fatal(err)
			}
			got, err := l.open(k)
			if err != nil || !bytes.Equal(got, v.FileKey) {
				t.Errorf("%s %v: %x, %v", kind, v.Args, got, err)
			}
		}
	}
}

func TestWrapWritesWhatOthersWrite(t *testing.T) {
	for _, v := range vectors(t, typeP256) {
		got, err := wrap(private(t, v.Ephemeral), private(t, v.Private).PublicKey(), v.FileKey)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(v.stanza(typeP256), got); diff != "" {
			t.Error(diff)
		}
	}
}

func TestIdentitiesAreThoseOfOthers(t *testing.T) {
	for _, v := range vectors(t, typeP256) {
		want := NewIdentity(v.Serial, v.Slot, private(t, v.Private).PublicKey())
		ours, err := ParseIdentity(v.MfadIdentity)
		if err != nil {
			t.Fatal(err)
		}
		if ours.Serial != want.Serial || ours.Slot != want.Slot || ours.Tag != want.Tag || !ours.Public.Equal(want.Public) {
			t.Errorf("%s is %+v", v.MfadIdentity, ours)
		}
		if ours.String() != v.MfadIdentity || ours.Recipient() != v.Recipient {
			t.Errorf("%s and %s instead of %s and %s", ours, ours.Recipient(), v.MfadIdentity, v.Recipient)
		}
		theirs, err := ParseIdentity(v.YubikeyIdentity)
		if err != nil {
			t.Fatal(err)
		}
		want.Public = nil
		if theirs != want || theirs.String() != v.YubikeyIdentity || theirs.Recipient() != "" {
			t.Errorf("%s is %+v", v.YubikeyIdentity, theirs)
		}
	}
}

func TestYubikeyIdentityOpensBothStanzas(t *testing.T) {
	for _, kind := range []string{typeP256, typeTag} {
		for n, v := range vectors(t, kind) {
			i, err := ParseIdentity(vectors(t, typeP256)[n].YubikeyIdentity)
			if err != nil {
				t.Fatal(err)
			}
			k := private(t, v.Private)
			if !i.is(k.PublicKey()) || i.is(newKey(t).PublicKey()) {
				t.Error("the identity does not know its key")
			}
			if _, err := Wrap(i, v.FileKey); !errors.Is(err, token.ErrInvalid) {
				t.Errorf("wrapping without a public key: %v", err)
			}
			l, err := pick(i, []*age.Stanza{{Type: "X25519"}, v.stanza(kind)})
			if err != nil {
				t.Fatal(err)
			}
			if got, err := l.open(k); err != nil || !bytes.Equal(got, v.FileKey) {
				t.Errorf("%x, %v", got, err)
			}
		}
	}
}

func TestPickTakesTheStanzaOfTheKey(t *testing.T) {
	k := newKey(t)
	i := NewIdentity(1, 0x82, k.PublicKey())
	fileKey := bytes.Repeat([]byte{7}, fileKeyLen)
	other, err := Wrap(NewIdentity(1, 0x83, newKey(t).PublicKey()), bytes.Repeat([]byte{8}, fileKeyLen))
	if err != nil {
		t.Fatal(err)
	}
	ours, err := Wrap(i, fileKey)
	if err != nil {
		t.Fatal(err)
	}
	stanzas := append([]*age.Stanza{{Type: "scrypt"}}, append(other, ours...)...)
	l, err := pick(i, stanzas)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := l.open(k); err != nil || !bytes.Equal(got, fileKey) {
		t.Errorf("%x, %v", got, err)
	}
	if _, err := pick(i, stanzas[:2]); !errors.Is(err, token.ErrInvalid) {
		t.Errorf("nothing for the key: %v", err)
	}
}

func TestDamagedStanzaIsRefusedBeforeTheKeyIsUsed(t *testing.T) {
	k := newKey(t)
	i := NewIdentity(1, 0x82, k.PublicKey())
	full := base64.RawStdEncoding.EncodeToString(newKey(t).PublicKey().Bytes())
	for name, change := range map[string]func(*age.Stanza){
		"no arguments":       func(s *age.Stanza) { s.Args = nil },
		"three arguments":    func(s *age.Stanza) { s.Args = append(s.Args, "x") },
		"short body":         func(s *age.Stanza) { s.Body = s.Body[1:] },
		"long body":          func(s *age.Stanza) { s.Body = append(s.Body, 0) },
		"short tag":          func(s *age.Stanza) { s.Args[0] = "AAAA" },
		"padded tag":         func(s *age.Stanza) { s.Args[0] += "==" },
		"loose bits in tag":  func(s *age.Stanza) { s.Args[0] = s.Args[0][:5] + "B" },
		"line break":         func(s *age.Stanza) { s.Args[1] = s.Args[1][:8] + "\n" + s.Args[1][8:] },
		"uncompressed point": func(s *age.Stanza) { s.Args[1] = full },
		"no point": func(s *age.Stanza) {
			s.Args[1] = base64.RawStdEncoding.EncodeToString(append([]byte{2}, bytes.Repeat([]byte{0xff}, 32)...))
		},
		"point at infinity": func(s *age.Stanza) { s.Args[1] = "AA" },
	} {
		stanzas, err := Wrap(i, make([]byte, fileKeyLen))
		if err != nil {
			t.Fatal(err)
		}
		change(stanzas[0])
		if l, err := pick(i, stanzas); !errors.Is(err, token.ErrInvalid) {
			t.Errorf("%s: %+v, %v", name, l, err)
		}
	}
}

// lame is a key that does not work, or answers nonsense.
type lame struct {
	ecdh.KeyExchanger
	answer []byte
	err    error
}

func (l lame) ECDH(*ecdh.PublicKey) ([]byte, error) { return l.answer, l.err }

func TestKeyThatFailsIsNotADamagedStanza(t *testing.T) {
	broken := errors.New("broken")
	for _, kind := range []string{typeP256, typeTag} {
		v := vectors(t, kind)[0]
		k := private(t, v.Private)
		l, err := pick(NewIdentity(v.Serial, v.Slot, k.PublicKey()), []*age.Stanza{v.stanza(kind)})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.open(lame{KeyExchanger: k, err: broken}); !errors.Is(err, broken) || errors.Is(err, token.ErrInvalid) {
			t.Errorf("%s: %v", kind, err)
		}
		if _, err := l.open(lame{KeyExchanger: k, answer: make([]byte, 31)}); !errors.Is(err, token.ErrUnsupported) {
			t.Errorf("%s, short answer: %v", kind, err)
		}
		if _, err := l.open(lame{KeyExchanger: k, answer: make([]byte, 32)}); !errors.Is(err, token.ErrInvalid) {
			t.Errorf("%s, wrong answer: %v", kind, err)
		}
	}
}

func TestParseIdentityRefuses(t *testing.T) {
	point := compress(newKey(t).PublicKey())
	ours := func(data ...byte) string { return plugin.EncodeIdentity("mfad", data) }
	theirs := func(data ...byte) string { return plugin.EncodeIdentity("yubikey", data) }
	for name, text := range map[string]string{
		"nothing":            "",
		"a native identity":  "AGE-SECRET-KEY-1QQQSYQCYQ5RQWZQFPG9SCRGWPUGPZYSNZS23V9CCRYDPK8QARC0SJGMMYV",
		"another plugin":     plugin.EncodeIdentity("other", make([]byte, mfadLen)),
		"no data":            ours(),
		"a FIDO2 credential": ours(append([]byte{2, 0, 0, 0, 1, 0x82}, point...)...),
		"short":              ours(append([]byte{1, 0, 0, 0, 1, 0x82}, point[1:]...)...),
		"long":               ours(append([]byte{1, 0, 0, 0, 1, 0x82, 2}, point...)...),
		"no such slot":       ours(append([]byte{1, 0, 0, 0, 1, 0x9b}, point...)...),
		"no point":           ours(append([]byte{1, 0, 0, 0, 1, 0x82, 2}, bytes.Repeat([]byte{0xff}, 32)...)...),
		"short stub":         theirs(1, 2, 3, 4, 0x82, 1, 2, 3),
		"long stub":          theirs(1, 2, 3, 4, 0x82, 1, 2, 3, 4, 5),
		"no slot in stub":    theirs(1, 2, 3, 4, 0x81, 1, 2, 3, 4),
	} {
		if i, err := ParseIdentity(text); !errors.Is(err, token.ErrInvalid) {
			t.Errorf("%s: %+v, %v", name, i, err)
		}
	}
}

func FuzzParseIdentity(f *testing.F) {
	for _, v := range vectors(f, typeP256) {
		f.Add(v.MfadIdentity)
		f.Add(v.YubikeyIdentity)
	}
	f.Fuzz(func(t *testing.T, text string) {
		i, err := ParseIdentity(text)
		if err != nil {
			if !errors.Is(err, token.ErrInvalid) {
				t.Errorf("untyped: %v", err)
			}
			return
		}
		again, err := ParseIdentity(i.String())
		if err != nil || again.String() != i.String() || again.Tag != i.Tag {
			t.Errorf("%q is %+v, which is %+v, %v", text, i, again, err)
		}
	})
}

func FuzzStanza(f *testing.F) {
	for _, kind := range []string{typeP256, typeTag} {
		for _, v := range vectors(f, kind) {
			f.Add(kind == typeTag, v.Args[0], v.Args[1], []byte(v.Body))
		}
	}
	v := vectors(f, typeP256)[0]
	k := private(f, v.Private)
	i := NewIdentity(v.Serial, v.Slot, k.PublicKey())
	f.Fuzz(func(t *testing.T, tagged bool, tag, share string, body []byte) {
		s := &age.Stanza{Type: typeP256, Args: []string{tag, share}, Body: body}
		if tagged {
			s.Type = typeTag
		}
		l, err := pick(i, []*age.Stanza{s})
		if err == nil {
			_, err = l.open(k)
		}
		if err != nil && !errors.Is(err, token.ErrInvalid) {
			t.Errorf("untyped: %v", err)
		}
	})
}
