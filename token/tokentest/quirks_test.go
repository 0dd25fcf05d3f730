//go:build linux

package tokentest_test

import (
	"path/filepath"
	"testing"

	"github.com/mfad/mfad/token/tokentest"
)

// What foreign clients make of each quirk is what they would make of the token
// that has it.
func TestForeignClientsMeetTheQuirksOfPIV(t *testing.T) {
	for name, test := range map[string]struct {
		options tokentest.YubiKeyOptions
		judge   func(d *rig)
	}{
		"no serial": {
			tokentest.YubiKeyOptions{Quirks: tokentest.Quirks{NoSerial: true}},
			func(d *rig) { d.run("YubiKey 5 NFC (5.4.3) [OTP+FIDO+CCID]\n", "ykman", "list") },
		},
		"two retired slots": {
			tokentest.YubiKeyOptions{Quirks: tokentest.Quirks{RetiredSlots: 2}},
			func(d *rig) {
				d.run("Successfully generated", "yubico-piv-tool", "-a", "generate", "-s", "83", "-A", "ECCP256")
				d.refuse("", "yubico-piv-tool", "-a", "generate", "-s", "84", "-A", "ECCP256")
			},
		},
		"two retired slots, in other words": {
			tokentest.YubiKeyOptions{Quirks: tokentest.Quirks{RetiredSlots: 2, WrongSlot: 0x6a88}},
			func(d *rig) { d.refuse("", "yubico-piv-tool", "-a", "generate", "-s", "84", "-A", "ECCP256") },
		},
		"no attestation": {
			tokentest.YubiKeyOptions{Quirks: tokentest.Quirks{NoAttestation: true}},
			func(d *rig) {
				d.run("Successfully generated", "yubico-piv-tool", "-a", "generate", "-s", "82", "-A", "ECCP256")
				d.refuse("Failed to attest", "yubico-piv-tool", "-a", "attest", "-s", "82")
			},
		},
		"PUK blocked": {
			tokentest.YubiKeyOptions{Quirks: tokentest.Quirks{PUKBlocked: true}},
			func(d *rig) {
				d.refuse("blocked", "yubico-piv-tool", "-a", "unblock-pin", "-P", "12345678", "-N", "123456")
			},
		},
		"5.2.7, whose keys without a certificate nobody sees": {
			tokentest.YubiKeyOptions{Version: "5.2.7"},
			func(d *rig) {
				key := filepath.Join(d.home, "key.pem")
				d.run("", "openssl", "genpkey", "-out", key, "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")
				d.run("Successfully imported", "yubico-piv-tool", "-a", "import-key", "-s", "82", "-i", key)
				d.run("PIV version:", "ykman", "piv", "info")
				d.refuse("Failed", "yubico-piv-tool", "-a", "attest", "-s", "82")
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.judge(newRig(t, test.options))
		})
	}
}

func TestForeignClientsMeetTheQuirksOfOATH(t *testing.T) {
	const uri = "otpauth://totp/aws:prod?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
	for name, test := range map[string]struct {
		quirks tokentest.Quirks
		judge  func(d *rig)
	}{
		"no calculate all": {
			tokentest.Quirks{NoCalculateAll: true},
			func(d *rig) {
				d.run("", "ykman", "oath", "accounts", "uri", uri)
				d.run("aws:prod", "ykman", "oath", "accounts", "list")
				d.refuse("0x6d00", "ykman", "oath", "accounts", "code")
			},
		},
		"no list": {
			tokentest.Quirks{NoList: true},
			func(d *rig) { d.refuse("0x6d00", "ykman", "oath", "accounts", "uri", uri) },
		},
		"no whole response": {
			tokentest.Quirks{NoFullResponse: true},
			func(d *rig) {
				d.run("", "ykman", "oath", "accounts", "uri", uri)
				d.run("aws:prod", "ykman", "oath", "accounts", "code", "prod")
			},
		},
		"foreign records": {
			tokentest.Quirks{ForeignRecords: true},
			func(d *rig) { d.refuse("is not a valid OATH_TYPE", "ykman", "oath", "accounts", "list") },
		},
		"a PIN": {
			tokentest.Quirks{OATHPIN: true},
			func(d *rig) { d.refuse("", "ykman", "oath", "info") },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.judge(newRig(t, tokentest.YubiKeyOptions{Quirks: test.quirks}))
		})
	}
}
