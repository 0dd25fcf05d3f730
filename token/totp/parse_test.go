package totp

import (
	"bytes"
	"encoding/base32"
	"errors"
	"strings"
	"testing"
	"time"
)

const (
	google = "JBSWY3DPEHPK3PXP"                                                 // 10 bytes
	aws    = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567ABCDEFGHIJKLMNOPQRSTUVWXYZ234567" // 40 bytes
)

func parseOne(t *testing.T, text string) Key {
	t.Helper()
	keys, err := Parse([]byte(text))
	if err != nil || len(keys) != 1 {
		t.Fatalf("parsing: %d keys, %v", len(keys), err)
	}
	return keys[0]
}

func secretOf(k Key) string { return base32.StdEncoding.EncodeToString(k.Seed.bytes()) }

func TestParseAcceptsBase32AsPeoplePasteIt(t *testing.T) {
	odd := base32.StdEncoding.EncodeToString([]byte("elevenbytes"))
	for text, want := range map[string]string{
		google:                          google,
		aws:                             aws,
		strings.ToLower(aws):            aws,
		"\n  " + google + "\t\r\n":      google,
		"jbsw y3dp ehpk 3pxp":           google,
		"JBSW-Y3DP-EHPK-3PXP":           google,
		odd:                             odd,
		strings.TrimRight(odd, "="):     odd,
		strings.ToLower(odd):            odd,
		odd[:4] + " - " + odd[4:] + " ": odd,
	} {
		k := parseOne(t, text)
		if got := secretOf(k); got != want {
			t.Errorf("%q: another secret", text)
		}
		if k.Digits != 6 || k.Period != 30*time.Second || k.Algorithm != SHA1 || k.Issuer != "" || k.Account != "" {
			t.Errorf("%q: %+v", text, k)
		}
	}
}

func TestParseReadsOtpauthURIs(t *testing.T) {
	plain := Key{Digits: 6, Period: 30 * time.Second, Algorithm: SHA1}
	for _, c := range []struct {
		name, uri string
		want      Key
	}{
		{
			"aws", "otpauth://totp/Amazon%20Web%20Services:joe@acct?secret=" + aws + "&issuer=Amazon%20Web%20Services",
			Key{"Amazon Web Services", "joe@acct", Seed{}, 6, 30 * time.Second, SHA1},
		},
		{
			"everything", "OTPAUTH://TOTP/A:b?digits=8&Period=60&ALGORITHM=sha512&secret=" + strings.ToLower(google),
			Key{"A", "b", Seed{}, 8, time.Minute, SHA512},
		},
		{"no label", "otpauth://totp?secret=" + google, plain},
		{"empty label", "otpauth://totp/?secret=" + google, plain},
		{"unknown parameters", "otpauth://totp/?image=http%3A%2F%2Fx&image=%zz&color=red&&secret=" + google, plain},
		{
			"the issuer parameter wins", "otpauth://totp/Old:joe?issuer=New+Name&secret=" + google,
			Key{"New Name", "joe", Seed{}, 6, 30 * time.Second, SHA1},
		},
		{
			"issuer with a colon", "otpauth://totp/A:B:joe?issuer=A:B&secret=" + google,
			Key{"A:B", "joe", Seed{}, 6, 30 * time.Second, SHA1},
		},
		{
			"escaped colon and blank", "otpauth://totp/A%3A%20joe%2Fx/y+z?secret=" + google,
			Key{"A", "joe/x/y+z", Seed{}, 6, 30 * time.Second, SHA1},
		},
		{
			"beyond ASCII", "otpauth://totp/%C3%9Cber:jos\u00e9?secret=" + google,
			Key{"Über", "josé", Seed{}, 6, 30 * time.Second, SHA1},
		},
		{"the limits, low", "otpauth://totp/?period=15&digits=6&secret=" + google, Key{"", "", Seed{}, 6, 15 * time.Second, SHA1}},
		{"the limits, high", "otpauth://totp/?period=120&digits=8&secret=" + google, Key{"", "", Seed{}, 8, 120 * time.Second, SHA1}},
	} {
		k := parseOne(t, c.uri)
		c.want.Seed = k.Seed
		if k != c.want {
			t.Errorf("%s: got %+v, want %+v", c.name, k, c.want)
		}
		if s := secretOf(k); s != google && s != aws {
			t.Errorf("%s: another secret", c.name)
		}
	}
}

func TestParseRefusesInOneClearLine(t *testing.T) {
	long := base32.StdEncoding.EncodeToString(make([]byte, 129))
	uri := func(query string) string { return "otpauth://totp/A:b?" + query }
	for _, c := range []struct{ name, text, says string }{
		{"nothing", "", "the text is empty: give an otpauth URI"},
		{"blank", " \n", "the text is empty"},
		{"endless", strings.Repeat("A", maxText+1), "more than 65536"},
		{"not UTF-8", "ABC\xff", "not UTF-8"},
		{"two lines", google + "\n" + google, "on one line"},
		{"NUL", google + "\x00A", "control character"},
		{"bell in the URI", uri("secret=" + google + "\a&x=y"), "control character"},

		{"another scheme", "https://totp/A:b?secret=" + google, "the scheme must be otpauth"},
		{"hotp", "otpauth://hotp/A:b?counter=1&secret=" + google, "the type is hotp, which counts uses"},
		{"another type", "otpauth://steam/A:b?secret=" + google, "the type must be totp"},
		{"type with a port", "otpauth://totp:80/A:b?secret=" + google, "the type must be totp"},
		{"fragment", uri("secret=" + google + "#x"), "write %23"},

		{"no secret", uri("digits=6"), "has no secret: scan"},
		{"no query", "otpauth://totp/A:b", "has no secret"},
		{"empty secret", uri("secret="), "the secret is empty: copy"},
		{"padding alone", "======", "the secret is empty"},
		{"9 bytes", uri("secret=" + base32.StdEncoding.EncodeToString(make([]byte, 9))), "has 9 bytes, not 10 to 128"},
		{"129 bytes", uri("secret=" + long), "has 129 bytes"},
		{"far too long", uri("secret=" + strings.Repeat("A", 5000)), "has 3125 bytes"},
		{"digit 1", "JBSWY3DPEHPK3PX1", "character 16 of the secret"},
		{"letters that only look alike", "JBſWY3DPEHPK3PXP", "character 3 of the secret"},
		{"a sentence", "please scan the code!", "of the secret is not of base32"},
		{"dot in a URI", uri("secret=JBSW.Y3DP.EHPK.3PXP"), "character 5 of the secret"},
		{"padding inside", "JBSWY3DP=EHPK3PXP", "character 9 of the secret"},
		{"too much padding", google + "=======", "more = than base32 has"},
		{"one letter lost, odd group", aws + "A", "of 65 characters does not end with a byte"},
		{"one letter lost", aws[:63], "of 63 characters does not end with a byte: some are missing"},

		{"two secrets", uri("secret=" + google + "&secret=" + aws), "gives secret twice: remove one"},
		{"two secrets, disguised", uri("secret=" + google + "&SECRET=" + aws), "gives secret twice"},
		{"two issuers", uri("issuer=A&issuer=A&secret=" + google), "gives issuer twice"},
		{"bad escape in the secret", uri("secret=" + google + "%4"), "secret holds a %"},
		{"bad escape in the label", "otpauth://totp/%zz?secret=" + google, "label holds a %"},

		{"9 digits", uri("digits=9&secret=" + google), "digits must be 6 to 8"},
		{"5 digits", uri("digits=5&secret=" + google), "digits must be 6 to 8"},
		{"a million digits", uri("digits=1000000&secret=" + google), "digits must be 6 to 8"},
		{"signed digits", uri("digits=%2B6&secret=" + google), "digits must be 6 to 8"},
		{"digits in words", uri("digits=six&secret=" + google), "digits must be 6 to 8"},
		{"digits left out", uri("digits=&secret=" + google), "digits must be 6 to 8"},
		{"14 seconds", uri("period=14&secret=" + google), "period must be 15 to 120 whole seconds"},
		{"121 seconds", uri("period=121&secret=" + google), "period must be 15 to 120"},
		{"0 seconds", uri("period=0&secret=" + google), "period must be 15 to 120"},
		{"30.0 seconds", uri("period=30.0&secret=" + google), "period must be 15 to 120"},
		{"more seconds than fit", uri("period=18446744073709551646&secret=" + google), "period must be 15 to 120"},
		{"MD4", uri("algorithm=MD4&secret=" + google), "algorithm must be SHA1, SHA256 or SHA512"},
		{"no hash", uri("algorithm=HMAC-MD5&secret=" + google), "algorithm must be"},
		{"line break in the secret", google[:8] + "\n" + google[8:], "line break"},

		{"newline in the issuer", uri("issuer=A%0AB&secret=" + google), "the issuer holds a control"},
		{"escape in the account", "otpauth://totp/A:%1B[2J?secret=" + google, "the account holds a control"},
		{"text turned around", "otpauth://totp/A:%E2%80%AEb?secret=" + google, "the account holds a control or invisible"},
		{"issuer not UTF-8", uri("issuer=%FF&secret=" + google), "the issuer holds a control"},
		{"endless account", "otpauth://totp/" + strings.Repeat("a", 257) + "?secret=" + google, "the account has 257 bytes"},
	} {
		keys, err := Parse([]byte(c.text))
		if !errors.Is(err, ErrBadSeed) || keys != nil {
			t.Errorf("%s: accepted as %d keys, or the wrong error: %v", c.name, len(keys), err)
			continue
		}
		checkSentence(t, c.name, err)
		if !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %q does not say %q", c.name, err, c.says)
		}
	}
}

// checkSentence holds errors to one line without a piece of a test's secret.
func checkSentence(t *testing.T, name string, err error) {
	t.Helper()
	line := strings.ToUpper(err.Error())
	for _, piece := range []string{google[:4], google[12:], aws[:4], aws[60:]} {
		if strings.Contains(line, piece) {
			t.Errorf("%s: the error shows a part of the secret", name)
		}
	}
	if strings.ContainsAny(line, "\n\r\x00\x1b") || len(line) > 400 {
		t.Errorf("%s: not one short line: %q", name, line)
	}
}

func TestMarshalURIIsCanonical(t *testing.T) {
	const canonical = "otpauth://totp/Amazon%20Web%20Services:joe@acct?secret=" + google +
		"&issuer=Amazon%20Web%20Services&algorithm=SHA1&digits=6&period=30"
	for _, text := range []string{
		canonical,
		"otpauth://totp/amazon:joe@acct?issuer=Amazon+Web+Services&period=030&secret=" + strings.ToLower(google),
	} {
		k := parseOne(t, text)
		if got := k.MarshalURI(); string(got) != canonical {
			t.Errorf("%s: another form", text)
		}
	}
}

func TestMarshalURIKeepsAwkwardLabels(t *testing.T) {
	for _, label := range [][2]string{
		{"", ""},
		{"", "joe"},
		{"", "a:b"},
		{"A", ""},
		{"A", "b:c"},
		{"A:B", "c"},
		{":", ":"},
		{"50% &=?#/+", "a+b %41"},
		{"Ünï", "漢字"},
	} {
		k := *rfcKey(SHA256, 7)
		k.Issuer, k.Account = label[0], label[1]
		uri := k.MarshalURI()
		if got := parseOne(t, string(uri)); got.Issuer != k.Issuer || got.Account != k.Account {
			t.Errorf("%q became %q, %q", label, got.Issuer, got.Account)
		}
		if !bytes.HasPrefix(uri, []byte("otpauth://totp/")) {
			t.Errorf("%q: not as announced", label)
		}
	}
}

func TestMarshalURINamesNoIssuerThatIsNot(t *testing.T) {
	k := *rfcKey(SHA1, 6)
	k.Account = "joe"
	if uri := k.MarshalURI(); !bytes.HasPrefix(uri, []byte("otpauth://totp/joe?secret=")) {
		t.Errorf("got %.30s", uri)
	}
}

// A slice that grows leaves a copy of the secret behind.
func TestMarshalURIWritesTheSecretOnce(t *testing.T) {
	for _, label := range [][2]string{{"", ""}, {"Amazon", "joe"}, {strings.Repeat("漢", maxLabel/3), strings.Repeat(":", maxLabel)}} {
		k := Key{
			Issuer: label[0], Account: label[1], Seed: newSeed(make([]byte, maxSecret)),
			Digits: maxDigits, Period: maxPeriod, Algorithm: SHA512,
		}
		if n := testing.AllocsPerRun(5, func() { k.MarshalURI() }); n != 1 {
			t.Errorf("%.9q: %v slices hold the secret", label, n)
		}
	}
}

func FuzzParseURI(f *testing.F) {
	for _, text := range []string{
		google,
		"jbsw-y3dp ehpk 3pxp======",
		"otpauth://totp/Amazon%20Web%20Services:joe@acct?secret=" + aws + "&issuer=Amazon%20Web%20Services",
		"otpauth://totp/A:B:c?issuer=A:B&algorithm=SHA512&digits=8&period=60&image=x&secret=" + google,
		"otpauth://totp/::a?issuer=&secret=" + google,
		"otpauth://hotp/A?counter=1&secret=" + google,
		"otpauth://totp/%00?secret=%00&digits=1000000&algorithm=MD4",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(checkParse)
}

// checkParse holds for every text: refused in one line, or keys that give
// codes and have one canonical form that says the same.
func checkParse(t *testing.T, text []byte) {
	before := bytes.Clone(text)
	batch, err := ParseBatch(text)
	if !bytes.Equal(text, before) {
		t.Fatal("the text was changed")
	}
	if err != nil {
		if !errors.Is(err, ErrBadSeed) || strings.ContainsAny(err.Error(), "\n\r\x1b") {
			t.Fatalf("error %q", err)
		}
		return
	}
	if len(batch.Keys) == 0 || batch.Part < 1 || batch.Part > batch.Parts {
		t.Fatalf("%d keys in part %d of %d", len(batch.Keys), batch.Part, batch.Parts)
	}
	for _, k := range batch.Keys {
		code, err := k.Code(time.Unix(1111111109, 0))
		if err != nil || len(code) != k.Digits {
			t.Fatalf("code of %d digits, want %d: %v", len(code), k.Digits, err)
		}
		canonical := k.MarshalURI()
		again, err := Parse(canonical)
		if err != nil {
			t.Fatalf("the canonical form is refused: %v", err)
		}
		if !bytes.Equal(again[0].MarshalURI(), canonical) || !bytes.Equal(again[0].Seed.bytes(), k.Seed.bytes()) {
			t.Fatal("the canonical form says something else")
		}
		again[0].Seed = k.Seed
		if again[0] != k {
			t.Fatalf("%+v became %+v", k, again[0])
		}
	}
}

// Web pages and password managers put much between the groups of a secret.
func TestSecretIsReadHoweverItIsPasted(t *testing.T) {
	const groups = "GEZD GNBV GY3T QOJQ"
	want, err := Parse([]byte(strings.ReplaceAll(groups, " ", "")))
	if err != nil {
		t.Fatal(err)
	}
	same := func(text string) {
		t.Helper()
		keys, err := Parse([]byte(text))
		if err != nil || string(keys[0].Seed.bytes()) != string(want[0].Seed.bytes()) || keys[0].Algorithm != SHA1 {
			t.Errorf("%q: %v", text, err)
		}
	}
	for _, between := range []string{" ", "-", "\t", "  ", " - ", "\u00a0", "\u202f", "\u2009", "\u200b", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u200e", "\u2011", "–", "—", "+", "%20", "%C2%A0", "%E2%80%8B", "%09", "%2D"} {
		secret := strings.ReplaceAll(groups, " ", between)
		if !strings.ContainsAny(between, "+%") {
			same(secret)
			same(strings.ToLower(secret))
		}
		if between != "\t" {
			same("otpauth://totp/AWS:alice?secret=" + secret + "&issuer=AWS")
		}
	}
	for _, around := range []string{" ", "\t", "\u00a0", "\u200b", "\ufeff", "\r\n", " \ufeff\t\u2060", "\u202a"} {
		same(around + groups + around)
		same(around + "otpauth://totp/alice?secret=" + strings.ReplaceAll(groups, " ", "") + around)
	}
	for _, algorithm := range []string{"", "SHA1", "sha1", "SHA-1", "sha_1", "HmacSHA1", "HMAC-SHA-1", "hmacsha1"} {
		same("otpauth://totp/alice?secret=" + strings.ReplaceAll(groups, " ", "") + "&algorithm=" + algorithm)
	}
	for text, algorithm := range map[string]Algorithm{"HmacSHA256": SHA256, "SHA-512": SHA512} {
		keys, err := Parse([]byte("otpauth://totp/alice?algorithm=" + text + "&secret=" + strings.ReplaceAll(groups, " ", "")))
		if err != nil || keys[0].Algorithm != algorithm {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// No copy of a secret is left where it was taken apart.
func TestParserLeavesNoSecretInItsText(t *testing.T) {
	secret := []byte("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
	raw := []byte("12345678901234567890")
	digits := bytes.Clone(secret)
	n := decode(make([]byte, 20), digits)
	if n != 20 {
		t.Fatalf("decoded %d bytes", n)
	}
	var room scratch
	p, err := room.parseParams(append([]byte("secret="), secret...))
	if err != nil {
		t.Fatal(err)
	}
	held := p["secret"]
	room.wipe()
	if bytes.Contains(held, secret[:4]) || !bytes.Equal(held, make([]byte, len(held))) {
		t.Error("the parameter is not wiped")
	}
	seed, err := room.parseBase32(secret)
	if err != nil || !bytes.Equal(seed.bytes(), raw) {
		t.Errorf("the caller's text was changed: %v", err)
	}
}
