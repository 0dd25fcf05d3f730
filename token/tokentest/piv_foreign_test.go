//go:build linux

package tokentest_test

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"testing"

	"github.com/mfad/mfad/token/tokentest"
)

func TestYubicoPIVToolMakesAndAttestsAKey(t *testing.T) {
	t.Parallel()
	d := newRig(t, tokentest.YubiKeyOptions{})
	file := func(name string) string { return filepath.Join(d.home, name) }
	d.run("Successfully generated", "yubico-piv-tool", "-a", "generate", "-s", "9a", "-A", "ECCP256",
		"--touch-policy", "always", "--pin-policy", "once", "-o", file("public.pem"))
	// Its own selfsign-certificate fails with OpenSSL 3 before it asks the card
	// (Yubico/yubico-piv-tool#388).
	d.selfSign("9a", file("public.pem"))
	d.run("Subject DN:	CN=vault", "yubico-piv-tool", "-a", "status")
	d.run("", "yubico-piv-tool", "-a", "read-certificate", "-s", "9a", "-o", file("own.pem"))
	d.run("", "yubico-piv-tool", "-a", "delete-certificate", "-s", "9a")
	if d.Object(0x5fc105) != nil {
		t.Error("the deleted certificate is still there")
	}
	d.run("Successfully imported", "yubico-piv-tool", "-a", "import-certificate", "-s", "9a", "-i", file("own.pem"))
	d.run("Successful", "yubico-piv-tool", "-a", "verify-pin", "-P", "123456", "-a", "test-signature", "-s", "9a", "-i", file("own.pem"))
	d.run("", "yubico-piv-tool", "-a", "attest", "-s", "9a", "-o", file("attested.pem"))
	d.run("", "yubico-piv-tool", "-a", "read-certificate", "-s", "f9", "-o", file("issuer.pem"))
	if d.Touches() != 2 {
		t.Errorf("it was touched %d times, want 2 for the signatures", d.Touches())
	}

	own, attested := readCertificate(t, file("own.pem")), readCertificate(t, file("attested.pem"))
	private := d.Key(0x9a).(*ecdh.PrivateKey)
	for _, certificate := range []*x509.Certificate{own, attested} {
		if !private.PublicKey().Equal(ecdhOf(t, certificate.PublicKey)) {
			t.Errorf("certificate of %s is of another key", certificate.Subject)
		}
	}
	roots, between := x509.NewCertPool(), x509.NewCertPool()
	roots.AddCert(d.CA().Certificate())
	between.AddCert(readCertificate(t, file("issuer.pem")))
	if _, err := attested.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between}); err != nil {
		t.Errorf("the chain of the attestation: %v", err)
	}
}

func TestYubicoPIVToolTellsWrongPINs(t *testing.T) {
	t.Parallel()
	d := newRig(t, tokentest.YubiKeyOptions{})
	d.refuse("2 tries left", "yubico-piv-tool", "-a", "verify-pin", "-P", "000000")
	d.run("Successfully verified", "yubico-piv-tool", "-a", "verify-pin", "-P", "123456")
	d.run("Successfully changed the pin", "yubico-piv-tool", "-a", "change-pin", "-P", "123456", "-N", "654321")
	d.SetPINRetries(0)
	d.refuse("Pin code blocked", "yubico-piv-tool", "-a", "verify-pin", "-P", "654321")
	d.run("Successfully unblocked", "yubico-piv-tool", "-a", "unblock-pin", "-P", "12345678", "-N", "123456")
	d.refuse("Failed authentication", "yubico-piv-tool", "-a", "generate", "-s", "9a",
		"--key=010203040506070801020304050607080102030405060710")
}

func TestYubicoPIVToolImportsSignsAndDecrypts(t *testing.T) {
	t.Parallel()
	d := newRig(t, tokentest.YubiKeyOptions{})
	for slot, algorithm := range map[string][]string{
		"9c": {"-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"},
		"9d": {"-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"},
		"9e": {"-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"},
	} {
		key, certificate := filepath.Join(d.home, slot+".pem"), filepath.Join(d.home, slot+"c.pem")
		d.run("", "openssl", append([]string{"genpkey", "-out", key}, algorithm...)...)
		d.run("", "openssl", "req", "-x509", "-new", "-key", key, "-subj", "/CN=imported", "-days", "9", "-out", certificate)
		d.run("Successfully imported a new private key", "yubico-piv-tool", "-a", "import-key", "-s", slot, "-i", key)
		d.run("Successfully imported a new certificate", "yubico-piv-tool", "-a", "import-certificate", "-s", slot, "-i", certificate)
		d.run("Successful", "yubico-piv-tool", "-a", "verify-pin", "-P", "123456", "-a", "test-signature", "-s", slot, "-i", certificate)
		if slot != "9c" {
			d.run("Successfully performed", "yubico-piv-tool", "-a", "verify-pin", "-P", "123456",
				"-a", "test-decipher", "-s", slot, "-i", certificate)
		}
		d.refuse("Failed", "yubico-piv-tool", "-a", "attest", "-s", slot)
	}
}

func TestOpenSCSeesAPIVCard(t *testing.T) {
	t.Parallel()
	d := newRig(t, tokentest.YubiKeyOptions{})
	d.run("Yes             "+d.service.Reader(0), "opensc-tool", "--list-readers")
	d.run("3b:fd:13:00:00:81:31:fe:15:80:73:c0:21:c0:57:59:75:62:69:4b:65:79:40", "opensc-tool", "-a")
	d.run("", "yubico-piv-tool", "-a", "set-chuid")
	d.run("Successfully generated", "yubico-piv-tool", "-a", "generate", "-s", "9a", "-A", "ECCP256", "-o", filepath.Join(d.home, "p.pem"))
	d.selfSign("9a", filepath.Join(d.home, "p.pem"))
	d.run("Certificate for PIV Authentication", "pkcs15-tool", "--list-certificates")
	d.run("Personal Identity Verification Card", "opensc-tool", "--name")
}

func (d *rig) selfSign(slot, public string) {
	d.t.Helper()
	d.run("", "ykman", "piv", "certificates", "generate", "--subject", "CN=vault", "--pin", "123456",
		"--management-key", factoryKey, slot, public)
}

func readCertificate(t *testing.T, path string) *x509.Certificate {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	if block == nil {
		t.Fatalf("%s is not PEM", path)
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return certificate
}

func ecdhOf(t *testing.T, public any) *ecdh.PublicKey {
	t.Helper()
	key, ok := public.(*ecdsa.PublicKey)
	if !ok {
		t.Fatalf("%T is not of ECDSA", public)
	}
	out, err := key.ECDH()
	if err != nil {
		t.Fatal(err)
	}
	return out
}
