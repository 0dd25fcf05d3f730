//go:build cgo && (linux || darwin)

package piv

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"time"

	pivgo "github.com/go-piv/piv-go/v2/piv"
)

// certificate makes the certificate of a new key. Like age-plugin-yubikey's it
// is no more than a note of the public key and the policies: that tool takes
// one for its own by the organization, and the policies by the extension, and
// checks no signature. So a key that is thrown away signs it, and not the new
// one, which would want the PIN and a touch for it.
func certificate(public *ecdsa.PublicKey, pin pivgo.PINPolicy, touch pivgo.TouchPolicy) (*x509.Certificate, error) {
	signer, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 159)) // RFC 5280, 4.1.2.2
	if err != nil {
		return nil, err
	}
	point, err := public.ECDH()
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject: pkix.Name{
			Organization:       []string{"age-plugin-yubikey"},
			OrganizationalUnit: []string{"mfad"},
			CommonName:         fmt.Sprintf("age identity %x", tagOf(point)),
		},
		NotBefore:       time.Now().UTC().Truncate(time.Second),
		NotAfter:        time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), // RFC 5280, 4.1.2.5: never
		ExtraExtensions: []pkix.Extension{{Id: policyExtension, Value: []byte{byte(pin), byte(touch)}}},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, signer)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}
