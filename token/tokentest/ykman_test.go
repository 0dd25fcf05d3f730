//go:build linux

package tokentest_test

import (
	"crypto/ecdh"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mfad/mfad/token/tokentest"
)

// factoryKey is the management key of a new YubiKey.
const factoryKey = "010203040506070801020304050607080102030405060708"

func TestYkmanKnowsTheModelOfEachVersion(t *testing.T) {
	for _, test := range []struct {
		options tokentest.YubiKeyOptions
		want    string
	}{
		{tokentest.YubiKeyOptions{}, "YubiKey 5 NFC (5.4.3) [OTP+FIDO+CCID] Serial: 12345678"},
		{tokentest.YubiKeyOptions{Serial: 7, Version: "5.2.7", FormFactor: 4, NoNFC: true}, "YubiKey 5C Nano (5.2.7) [OTP+FIDO+CCID] Serial: 7"},
		{tokentest.YubiKeyOptions{Version: "5.7.1", FormFactor: 3}, "YubiKey 5C NFC (5.7.1)"},
		{tokentest.YubiKeyOptions{Version: "4.3.7", NoNFC: true}, "YubiKey 4 (4.3.7) [OTP+FIDO+CCID] Serial: 12345678"},
	} {
		t.Run(test.want, func(t *testing.T) {
			t.Parallel()
			d := newRig(t, test.options)
			d.run(test.want, "ykman", "list")
			d.run("PIV version:", "ykman", "piv", "info")
			d.run("OATH version:", "ykman", "oath", "info")
		})
	}
}

func TestYkmanAndTheCardAgreeOnOATHAccounts(t *testing.T) {
	t.Parallel()
	d := newRig(t, tokentest.YubiKeyOptions{})
	add := func(args ...string) { d.run("", "ykman", append([]string{"oath", "accounts", "add"}, args...)...) }
	add("aws:prod", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
	add("--algorithm", "SHA256", "--digits", "8", "--touch", "slow", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
	add("--oath-type", "HOTP", "counted", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
	add("--algorithm", "SHA512", "short", "GEZA")

	key := []byte("12345678901234567890")
	want := []tokentest.Credential{
		{Name: "aws:prod", Type: "totp", Algorithm: "SHA1", Digits: 6, Key: key},
		{Name: "slow", Type: "totp", Algorithm: "SHA256", Digits: 8, Touch: true, Key: key},
		{Name: "counted", Type: "hotp", Algorithm: "SHA1", Digits: 6, Key: key},
		{Name: "short", Type: "totp", Algorithm: "SHA512", Digits: 6, Key: append([]byte("12"), make([]byte, 12)...)},
	}
	if diff := cmp.Diff(want, d.Credentials()); diff != "" {
		t.Errorf("the card's accounts (-want +got):\n%s", diff)
	}

	// RFC 4226, appendix D.
	d.run("755224", "ykman", "oath", "accounts", "code", "--single", "counted")
	d.run("287082", "ykman", "oath", "accounts", "code", "--single", "counted")
	d.run("[Requires Touch]", "ykman", "oath", "accounts", "code")
	d.run("Touch your YubiKey", "ykman", "oath", "accounts", "code", "slow")
	if d.Touches() != 1 {
		t.Errorf("it was touched %d times, want 1", d.Touches())
	}

	d.run("", "ykman", "oath", "accounts", "rename", "--force", "aws:prod", "aws:main")
	d.run("", "ykman", "oath", "accounts", "delete", "--force", "short")
	d.run("aws:main\ncounted\nslow", "ykman", "oath", "accounts", "list")
}

func TestYkmanReadsALongListOfAccounts(t *testing.T) {
	t.Parallel()
	d := newRig(t, tokentest.YubiKeyOptions{})
	file := filepath.Join(d.home, "uris")
	var uris, want strings.Builder
	for i := range 32 {
		name := string(rune('a'+i%26)) + strings.Repeat("x", i+1)
		uris.WriteString("otpauth://totp/" + name + "?secret=GEZDGNBVGY3TQOJQ\n")
		want.WriteString(name)
	}
	if err := os.WriteFile(file, []byte(uris.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	for uri := range strings.Lines(uris.String()) {
		d.run("", "ykman", "oath", "accounts", "uri", "--force", strings.TrimSpace(uri))
	}
	if n := len(strings.Fields(d.run("", "ykman", "oath", "accounts", "list"))); n != 32 {
		t.Errorf("ykman lists %d accounts, want 32", n)
	}
	d.refuse("No space left", "ykman", "oath", "accounts", "add", "another", "GEZDGNBVGY3TQOJQ")
}

func TestYkmanSetsAndNeedsTheAccessCode(t *testing.T) {
	t.Parallel()
	d := newRig(t, tokentest.YubiKeyOptions{})
	d.run("", "ykman", "oath", "accounts", "add", "one", "GEZDGNBVGY3TQOJQ")
	d.run("Password updated", "ykman", "oath", "access", "change", "--new-password", "sesame")
	d.run("one", "ykman", "oath", "accounts", "list", "--password", "sesame")
	d.refuse("Authentication to the YubiKey failed", "ykman", "oath", "accounts", "list", "--password", "other")
	d.run("Password cleared", "ykman", "oath", "access", "change", "--password", "sesame", "--clear")
	d.run("one", "ykman", "oath", "accounts", "list")
	before := d.OATHID()
	d.run("", "ykman", "oath", "reset", "--force")
	if d.OATHID() == before || len(d.Credentials()) != 0 {
		t.Error("a reset left the applet's ID or its accounts")
	}
}

func TestYkmanMakesAKeyAndACertificate(t *testing.T) {
	t.Parallel()
	d := newRig(t, tokentest.YubiKeyOptions{})
	public := filepath.Join(d.home, "public.pem")
	d.run("", "ykman", "piv", "keys", "generate", "--algorithm", "ECCP256", "--touch-policy", "ALWAYS",
		"--pin-policy", "ONCE", "--management-key", factoryKey, "82", public)
	d.run("", "ykman", "piv", "certificates", "generate", "--subject", "CN=vault", "--pin", "123456",
		"--management-key", factoryKey, "82", public)
	if d.Touches() != 1 {
		t.Errorf("it was touched %d times, want 1 for the signature", d.Touches())
	}
	d.run("Subject DN:	CN=vault", "ykman", "piv", "info")

	private, ok := d.Key(0x82).(*ecdh.PrivateKey)
	if !ok {
		t.Fatalf("slot 82 holds %T", d.Key(0x82))
	}
	said, err := x509.ParsePKIXPublicKey(readPEM(t, public))
	if err != nil || !private.PublicKey().Equal(ecdhOf(t, said)) {
		t.Errorf("ykman wrote another public key than the card's (%v)", err)
	}
	d.run("", "ykman", "piv", "keys", "export", "--verify", "--pin", "123456", "82", filepath.Join(d.home, "again.pem"))
}

func TestYkmanChangesPINsAndManagementKeys(t *testing.T) {
	t.Parallel()
	d := newRig(t, tokentest.YubiKeyOptions{})
	d.run("New PIN set", "ykman", "piv", "access", "change-pin", "--pin", "123456", "--new-pin", "654321")
	d.refuse("2 tries left", "ykman", "piv", "access", "change-pin", "--pin", "123456", "--new-pin", "111111")
	if d.PINRetries() != 2 {
		t.Errorf("the PIN has %d tries left, want 2", d.PINRetries())
	}
	d.run("New PUK set", "ykman", "piv", "access", "change-puk", "--puk", "12345678", "--new-puk", "87654321")
	d.SetPINRetries(0)
	d.run("PIN tries remaining: 0/3", "ykman", "piv", "info")
	d.run("", "ykman", "piv", "access", "unblock-pin", "--puk", "87654321", "--new-pin", "123456")
	d.run("", "ykman", "piv", "access", "set-retries", "--force", "--pin", "123456",
		"--management-key", factoryKey, "8", "5")
	d.run("PIN tries remaining: 8/8", "ykman", "piv", "info")
	for _, algorithm := range []string{"AES128", "AES192", "AES256", "TDES"} {
		d.run("", "ykman", "piv", "access", "change-management-key", "--algorithm", algorithm, "--generate", "--protect",
			"--force", "--pin", "123456", "--management-key", factoryKey)
		d.run("Management key is stored on the YubiKey, protected by PIN", "ykman", "piv", "info")
		d.run("", "ykman", "piv", "keys", "generate", "--pin", "123456", "9d", filepath.Join(d.home, "p.pem"))
		d.run("", "ykman", "piv", "reset", "--force")
	}
}

func readPEM(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	if block == nil {
		t.Fatalf("%s is not PEM", path)
	}
	return block.Bytes
}
