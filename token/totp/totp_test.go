package totp

import (
	"bytes"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// The secrets of RFC 6238, appendix B (erratum 2866): the digits 1 to 0,
// repeated to the hash's size.
func rfcKey(a Algorithm, digits int) *Key {
	size := map[Algorithm]int{SHA1: 20, SHA256: 32, SHA512: 64}[a]
	secret := bytes.Repeat([]byte("1234567890"), 7)[:size]
	return &Key{Seed: newSeed(secret), Digits: digits, Period: defaultPeriod, Algorithm: a}
}

func TestCodesAreThoseOfRFC6238(t *testing.T) {
	for _, v := range []struct {
		unix                 int64
		sha1, sha256, sha512 string
	}{
		{59, "94287082", "46119246", "90693936"},
		{1111111109, "07081804", "68084774", "25091201"},
		{1111111111, "14050471", "67062674", "99943326"},
		{1234567890, "89005924", "91819424", "93441116"},
		{2000000000, "69279037", "90698825", "38618901"},
		{20000000000, "65353130", "77737706", "47863826"},
	} {
		for a, want := range map[Algorithm]string{SHA1: v.sha1, SHA256: v.sha256, SHA512: v.sha512} {
			got, err := rfcKey(a, 8).Code(time.Unix(v.unix, 0))
			if err != nil || got != want {
				t.Errorf("%s at %d: got %q, %v; want %q", a, v.unix, got, err, want)
			}
		}
	}
}

// RFC 4226, appendix D: counter n is the n-th step.
func TestCodesAreThoseOfRFC4226(t *testing.T) {
	for counter, want := range []string{
		"755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489",
	} {
		for _, inStep := range []time.Duration{0, defaultPeriod - time.Nanosecond} {
			at := time.Unix(0, 0).Add(time.Duration(counter)*defaultPeriod + inStep)
			got, err := rfcKey(SHA1, 6).Code(at)
			if err != nil || got != want {
				t.Errorf("counter %d: got %q, %v; want %q", counter, got, err, want)
			}
		}
	}
}

func TestCodeKeepsLeadingZeros(t *testing.T) {
	for digits, want := range map[int]string{6: "081804", 7: "7081804", 8: "07081804"} {
		if got, err := rfcKey(SHA1, digits).Code(time.Unix(1111111109, 0)); err != nil || got != want {
			t.Errorf("%d digits: got %q, %v; want %q", digits, got, err, want)
		}
	}
}

func TestCodeRefusesWhatParseRefuses(t *testing.T) {
	for name, spoil := range map[string]func(*Key){
		"digits":    func(k *Key) { k.Digits = 1_000_000 },
		"algorithm": func(k *Key) { k.Algorithm = "MD4" },
		"no hash":   func(k *Key) { k.Algorithm = "" },
		"period":    func(k *Key) { k.Period = 0 },
		"fraction":  func(k *Key) { k.Period = 30*time.Second + 1 },
		"empty":     func(k *Key) { k.Seed = Seed{} },
		"wiped":     (*Key).Wipe,
		"issuer":    func(k *Key) { k.Issuer = "AWS\n" },
		"account":   func(k *Key) { k.Account = strings.Repeat("a", 257) },
	} {
		k := rfcKey(SHA1, 6)
		spoil(k)
		if code, err := k.Code(time.Unix(59, 0)); !errors.Is(err, ErrBadSeed) {
			t.Errorf("%s: got code of %d digits, error %v", name, len(code), err)
		}
	}
	if _, err := rfcKey(SHA1, 6).Code(time.Unix(-1, 0)); err == nil || !strings.Contains(err.Error(), "set the clock") {
		t.Errorf("before 1970: %v", err)
	}
}

func TestSeedPrintsRedacted(t *testing.T) {
	k := rfcKey(SHA1, 6)
	secret := "1234567890"
	encoded := base32.StdEncoding.EncodeToString([]byte(secret))
	type holder struct {
		Key     Key
		private Key // fmt asks no Formatter in an unexported field
		seed    Seed
	}
	h := holder{*k, *k, k.Seed}
	var prints []string
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T"} {
		for _, v := range []any{k.Seed, &k.Seed, *k, k, h, &h, []Key{*k}, map[string]Seed{"s": k.Seed}} {
			prints = append(prints, fmt.Sprintf(verb, v))
		}
	}
	asJSON, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	var logged bytes.Buffer
	slog.New(slog.NewTextHandler(&logged, nil)).Info("text", "key", k, "seed", k.Seed, "holder", h)
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("json", "key", k, "seed", k.Seed, "holder", h)
	prints = append(prints, string(asJSON), logged.String())
	for _, p := range prints {
		for _, leak := range []string{secret, encoded[:8], "49 50 51", "0x31, 0x32", "313233"} {
			if strings.Contains(p, leak) {
				t.Errorf("a printed seed shows %q", leak)
			}
		}
	}
	if got := fmt.Sprint(k.Seed); got != redacted {
		t.Errorf("prints %q", got)
	}
	if !strings.Contains(string(asJSON), `"Seed":"[redacted]"`) {
		t.Error("JSON does not say that the seed is redacted")
	}
}

func TestWipeReachesEveryCopy(t *testing.T) {
	k := rfcKey(SHA1, 6)
	other, memory := *k, k.Seed.bytes()
	k.Wipe()
	if !bytes.Equal(memory, make([]byte, 20)) {
		t.Error("the secret is still in memory")
	}
	for _, wiped := range []*Key{k, &other} {
		if _, err := wiped.Code(time.Unix(59, 0)); !errors.Is(err, ErrBadSeed) {
			t.Errorf("a wiped key still gives codes: %v", err)
		}
		if uri := wiped.MarshalURI(); uri != nil {
			t.Error("a wiped key still writes a URI")
		}
	}
	k.Wipe()
	WipeAll([]Key{*k, other})
}

func BenchmarkParseAndCode(b *testing.B) {
	uri := []byte("otpauth://totp/Amazon%20Web%20Services:joe@123456789012?secret=" +
		strings.Repeat("ABCDEFGH", 8) + "&issuer=Amazon%20Web%20Services")
	at := time.Unix(1111111109, 0)
	b.ReportAllocs()
	for b.Loop() {
		keys, err := Parse(uri)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := keys[0].Code(at); err != nil {
			b.Fatal(err)
		}
		WipeAll(keys)
	}
}

func BenchmarkCode(b *testing.B) {
	k := rfcKey(SHA1, 6)
	at := time.Unix(1111111109, 0)
	for b.Loop() {
		if _, err := k.Code(at); err != nil {
			b.Fatal(err)
		}
	}
}
