package tokentest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
	"sync"
	"time"
)

// CA stands for Yubico's root, which signs the attestation key of each token.
type CA struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// TestCA is the CA of all YubiKeys that are not told another.
var TestCA = sync.OnceValue(func() *CA { return NewCA("Virtual PIV Root CA") })

// NewCA makes a CA.
func NewCA(name string) *CA {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic("tokentest: making a CA: " + err.Error())
	}
	template := certificateOf(name)
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage = x509.KeyUsageCertSign
	return &CA{certificate: sign(template, template, key.Public(), key), key: key}
}

// Certificate is what a verifier must trust.
func (ca *CA) Certificate() *x509.Certificate { return ca.certificate }

// CA is the CA that vouches for the YubiKey's keys.
func (y *YubiKey) CA() *CA {
	if y.options.CA != nil {
		return y.options.CA
	}
	return TestCA()
}

// Yubico's extensions (PIV attestation).
func yubicoOID(n int) asn1.ObjectIdentifier {
	return asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 41482, 3, n}
}

// addAttestation puts the attestation key and its certificate in place.
func (a *pivApplet) addAttestation() {
	ca := a.y.CA()
	key := &pivKey{algorithm: algP256, private: newPrivate(algP256), pin: pinOnce, touch: policyNever}
	template := certificateOf("Yubico PIV Attestation")
	template.IsCA, template.BasicConstraintsValid, template.MaxPathLenZero = true, true, true
	template.ExtraExtensions = []pkix.Extension{{Id: yubicoOID(3), Value: a.y.version[:]}}
	certificate := sign(template, ca.certificate, publicOf(key.private), ca.key)
	a.keys[slotAttestation] = key
	object := appendTLV(nil, 0x70, certificate.Raw...)
	object = appendTLV(object, 0x71, 0)
	a.objects[objectAttestation] = appendTLV(object, 0xfe)
}

// attest vouches that the key in slot P1 was made here.
func (a *pivApplet) attest(c command) ([]byte, status) {
	if !isKeySlot(c.p1) || c.p1 == slotAttestation || c.p2 != 0 {
		return nil, swWrongP1P2
	}
	key := a.keys[c.p1]
	if key == nil {
		return nil, swNoReference
	}
	if !key.generated {
		return nil, swWrongData
	}
	signer, issuer := a.keys[slotAttestation], a.attestationCertificate()
	if signer == nil || issuer == nil {
		return nil, swNoReference
	}
	serial, err := asn1.Marshal(int64(a.y.options.Serial))
	if err != nil {
		return nil, swUnexpected
	}
	template := certificateOf(fmt.Sprintf("YubiKey PIV Attestation %02x", c.p1))
	template.ExtraExtensions = []pkix.Extension{
		{Id: yubicoOID(3), Value: a.y.version[:]},
		{Id: yubicoOID(7), Value: serial},
		{Id: yubicoOID(8), Value: []byte{key.pin, key.touch}},
		{Id: yubicoOID(9), Value: []byte{a.y.options.FormFactor}},
	}
	return sign(template, issuer, publicOf(key.private), signer.private).Raw, swOK
}

// attestationCertificate is what lies in its object, nil if none can be read.
func (a *pivApplet) attestationCertificate() *x509.Certificate {
	parts, _ := parseTLVs(a.objects[objectAttestation])
	der, _ := find(parts, 0x70)
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil
	}
	return certificate
}

// certificateOf has Yubico's dates, for the token has no clock.
func certificateOf(name string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(append([]byte{1}, random(15)...)),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Date(2016, 3, 14, 0, 0, 0, 0, time.UTC),
		NotAfter:     time.Date(2052, 4, 17, 0, 0, 0, 0, time.UTC),
	}
}

func publicOf(private crypto.PrivateKey) crypto.PublicKey {
	switch key := private.(type) {
	case *ecdsa.PrivateKey:
		return key.Public()
	case *rsa.PrivateKey:
		return key.Public()
	}
	return nil
}

// sign panics: keys and templates are ours.
func sign(template, issuer *x509.Certificate, public crypto.PublicKey, signer crypto.PrivateKey) *x509.Certificate {
	der, err := x509.CreateCertificate(rand.Reader, template, issuer, public, signer)
	if err != nil {
		panic("tokentest: signing a certificate: " + err.Error())
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		panic("tokentest: signing a certificate: " + err.Error())
	}
	return certificate
}
