package totp

import (
	"encoding/base64"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// account is an entry of an export under test; fields that are zero are left out.
type account struct {
	secret, name, issuer             string
	algorithm, digits, kind, counter uint64
}

func (a account) encode() []byte {
	var m []byte
	for i, text := range []string{a.secret, a.name, a.issuer} {
		if text != "" {
			m = protowire.AppendString(protowire.AppendTag(m, protowire.Number(i+1), protowire.BytesType), text)
		}
	}
	for i, n := range []uint64{a.algorithm, a.digits, a.kind, a.counter} {
		m = appendNumber(m, protowire.Number(i+4), n)
	}
	return m
}

func appendNumber(m []byte, num protowire.Number, n uint64) []byte {
	if n == 0 {
		return m
	}
	return protowire.AppendVarint(protowire.AppendTag(m, num, protowire.VarintType), n)
}

func payload(size, index uint64, accounts ...account) []byte {
	var m []byte
	for _, a := range accounts {
		m = protowire.AppendBytes(protowire.AppendTag(m, 1, protowire.BytesType), a.encode())
	}
	m = appendNumber(m, 2, 1)
	m = appendNumber(m, 3, size)
	m = appendNumber(m, 4, index)
	return appendNumber(m, 5, 0xfffffffff1234567) // batch_id, a negative int32
}

func migrationURI(payload []byte) string {
	return "otpauth-migration://offline?data=" + url.QueryEscape(base64.StdEncoding.EncodeToString(payload))
}

const hello = "Hello!\xde\xad\xbe\xef" // JBSWY3DPEHPK3PXP

// The example that goes round among readers of the format, as Google
// Authenticator encodes it.
const published = "otpauth-migration://offline?data=CjEKCkhlbGxvId6tvu8SGEV4YW1wbGU6YWxpY2VAZ29vZ2xlLmNvbRoHRXhhbXBsZTAC"

func TestMigrationReadsThePublishedExample(t *testing.T) {
	b, err := ParseBatch([]byte(published))
	if errors.Is(err, ErrBadSeed) || len(b.Keys) != 1 {
		t.Fatalf("%d keys, %v", len(b.Keys), err)
	}
	k := b.Keys[0]
	if secretOf(k) != google || k.Issuer != "Example" || k.Account != "alice@google.com" ||
		k.Digits != 6 || k.Algorithm != SHA1 || k.Period != 30*time.Second {
		t.Errorf("%+v", k)
	}
	if b.Part != 1 || b.Parts != 1 || b.Skipped != nil {
		t.Errorf("part %d of %d, skipped %q", b.Part, b.Parts, b.Skipped)
	}
}

func TestMigrationBringsSeveralAccounts(t *testing.T) {
	b, err := ParseBatch([]byte(migrationURI(payload(3, 1,
		account{hello, "joe", "Amazon Web Services", 1, 1, 2, 0},
		account{strings.Repeat("k", 40), "GitHub:joe", "", 2, 2, 2, 0},
		account{strings.Repeat("s", 64), "AWS:ann", "AWS", 3, 3, 0, 0},
		account{hello, "counting", "", 1, 1, 1, 7},
		account{hello, "old hash", "", 4, 1, 2, 0},
		account{"short", "short", "", 1, 1, 2, 0},
		account{"", "bare", "", 1, 1, 2, 0},
		account{hello, "\x1b[2J", "", 1, 1, 2, 0},
		account{hello, "digits", "", 1, 9, 2, 0},
		account{hello, "kind", "", 1, 1, 3, 0},
	))))
	if err != nil {
		t.Fatal(err)
	}
	if b.Part != 2 || b.Parts != 3 {
		t.Errorf("part %d of %d, want 2 of 3", b.Part, b.Parts)
	}
	want := []Key{
		{"Amazon Web Services", "joe", Seed{}, 6, 30 * time.Second, SHA1},
		{"GitHub", "joe", Seed{}, 8, 30 * time.Second, SHA256},
		{"AWS", "ann", Seed{}, 7, 30 * time.Second, SHA512},
	}
	for i, k := range b.Keys {
		k.Seed = Seed{}
		if i >= len(want) || k != want[i] {
			t.Errorf("key %d: %+v", i, k)
		}
	}
	says := []string{
		"account 4 (counting): its type is hotp",
		"account 5 (old hash): its algorithm is not",
		"account 6 (short): the secret has 5 bytes",
		"account 7 (bare): the secret is empty",
		"account 8: the account holds a control",
		"account 9 (digits): its number of digits is unknown",
		"account 10 (kind): its type is unknown",
	}
	if len(b.Skipped) != len(says) {
		t.Fatalf("skipped %q", b.Skipped)
	}
	for i := range says {
		if !strings.HasPrefix(b.Skipped[i], says[i]) {
			t.Errorf("%q does not begin with %q", b.Skipped[i], says[i])
		}
	}
}

func TestMigrationTakesEveryBase64(t *testing.T) {
	// A secret whose base64 has both characters in which the alphabets differ.
	raw := payload(0, 0, account{strings.Repeat("\xff\xfb\xbe\xff", 5), "joe", "", 1, 1, 2, 0})
	std := base64.StdEncoding.EncodeToString(raw)
	if !strings.Contains(std, "+") || !strings.Contains(std, "/") {
		t.Fatalf("the test's own base64 is too plain")
	}
	for name, data := range map[string]string{
		"escaped":   url.QueryEscape(std),
		"unescaped": std,
		"for URLs":  base64.URLEncoding.EncodeToString(raw),
		"unpadded":  base64.RawURLEncoding.EncodeToString(raw),
	} {
		if k := parseOne(t, "otpauth-migration://offline?data="+data); k.Account != "joe" {
			t.Errorf("%s: %+v", name, k)
		}
	}
}

func TestMigrationRefusesInOneClearLine(t *testing.T) {
	good := account{hello, "joe", "AWS", 1, 1, 2, 0}
	twice := append(good.encode(), account{secret: "another secret"}.encode()...)
	many := make([]account, maxEntries+1)
	for i := range many {
		many[i] = good
	}
	embed := func(m []byte) []byte {
		return protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), m)
	}
	for _, c := range []struct{ name, uri, says string }{
		{"another host", "otpauth-migration://online?data=AA", "must be otpauth-migration://offline"},
		{"no data", "otpauth-migration://offline", "has no data: scan"},
		{"empty data", "otpauth-migration://offline?data=", "has no data"},
		{"two data", published + "&data=AA", "gives data twice"},
		{"not base64", "otpauth-migration://offline?data=%21%21", "is not base64"},
		{"cut off", published[:len(published)-9], "damaged or cut off"},
		{"no accounts", migrationURI(payload(1, 0)), "holds no accounts"},
		{"too many accounts", migrationURI(payload(1, 0, many...)), "more than 100 accounts"},
		{"part 2 of 1", migrationURI(payload(1, 1, good)), "damaged"},
		{"part -1", migrationURI(payload(2, 0xffffffffffffffff, good)), "damaged"},
		{"parts without end", migrationURI(payload(1<<40, 0, good)), "damaged"},
		{"two secrets in one account", migrationURI(embed(twice)), "damaged"},
		{"secret of a wrong type", migrationURI(embed(appendNumber(nil, 1, 7))), "damaged"},
		{"only hotp", migrationURI(payload(1, 0, account{hello, "joe", "", 1, 1, 1, 3})), "account 1 (joe): its type is hotp"},
	} {
		keys, err := Parse([]byte(c.uri))
		if !errors.Is(err, ErrBadSeed) || keys != nil {
			t.Errorf("%s: %d keys, error %v", c.name, len(keys), err)
			continue
		}
		checkSentence(t, c.name, err)
		if !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %q does not say %q", c.name, err, c.says)
		}
	}
}

func TestMigrationIgnoresFieldsOfTheFuture(t *testing.T) {
	entry := account{hello, "joe", "AWS", 1, 1, 2, 0}.encode()
	entry = protowire.AppendString(protowire.AppendTag(entry, 8, protowire.BytesType), "unique id")
	m := protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), entry)
	m = protowire.AppendFixed32(protowire.AppendTag(m, 99, protowire.Fixed32Type), 1)
	if k := parseOne(t, migrationURI(m)); k.Account != "joe" {
		t.Errorf("%+v", k)
	}
}

func FuzzParseMigration(f *testing.F) {
	f.Add(payload(1, 0, account{hello, "joe", "AWS", 1, 1, 2, 0}))
	f.Add(payload(3, 2, account{hello, "AWS:joe", "", 2, 2, 2, 0}, account{hello, "x", "", 1, 1, 1, 9}))
	f.Add(payload(0, 0, account{"short", "\x00", ":", 4, 3, 0, 0}))
	f.Add([]byte{0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f})
	f.Fuzz(func(t *testing.T, raw []byte) {
		if len(raw) > maxText/4 {
			return
		}
		checkParse(t, []byte(migrationURI(raw)))
	})
}
