//go:build cgo && (linux || darwin)

package piv

import (
	"crypto/x509"
	"encoding/asn1"
	"fmt"

	pivgo "github.com/go-piv/piv-go/v2/piv"

	"github.com/mfad/mfad/token"
)

// policyExtension tells the PIN and touch policies of a key, in an attestation
// and in the certificates of age-plugin-yubikey and of mfad.
// https://developers.yubico.com/PIV/Introduction/PIV_attestation.html
var policyExtension = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 41482, 3, 8}

var (
	pinPolicies = map[string]pivgo.PINPolicy{
		"never": pivgo.PINPolicyNever, "once": pivgo.PINPolicyOnce, "always": pivgo.PINPolicyAlways,
	}
	touchPolicies = map[string]pivgo.TouchPolicy{
		"never": pivgo.TouchPolicyNever, "always": pivgo.TouchPolicyAlways, "cached": pivgo.TouchPolicyCached,
	}
	origins = map[string]pivgo.Origin{
		"generated": pivgo.OriginGenerated, "imported": pivgo.OriginImported,
	}
)

// policies reads the extension of a certificate; 0 is unknown. Piv-go's values
// are those of the extension.
func policies(cert *x509.Certificate) (pivgo.PINPolicy, pivgo.TouchPolicy) {
	for _, e := range cert.Extensions {
		if !e.Id.Equal(policyExtension) || len(e.Value) != 2 {
			continue
		}
		pin, touch := pivgo.PINPolicy(e.Value[0]), pivgo.TouchPolicy(e.Value[1])
		if pin > pivgo.PINPolicyMatchAlways {
			pin = 0
		}
		if touch > pivgo.TouchPolicyCached {
			touch = 0
		}
		return pin, touch
	}
	return 0, 0
}

// name is the word for a policy; empty of one that has none.
func name[P comparable](words map[string]P, policy P) string {
	for word, p := range words {
		if p == policy {
			return word
		}
	}
	return ""
}

// parsePolicies parses the policies of a new key.
func parsePolicies(p token.KeyParams) (pivgo.PINPolicy, pivgo.TouchPolicy, error) {
	if p.PIN == "" {
		p.PIN = "once"
	}
	if p.Touch == "" {
		p.Touch = "always"
	}
	pin, ok := pinPolicies[p.PIN]
	if !ok {
		return 0, 0, fmt.Errorf("%w: PIN policy %q is not once, always or never", token.ErrInvalid, p.PIN)
	}
	touch, ok := touchPolicies[p.Touch]
	if !ok {
		return 0, 0, fmt.Errorf("%w: touch policy %q is not always, cached or never", token.ErrInvalid, p.Touch)
	}
	return pin, touch, nil
}

// knowsPolicies refuses an applet that would not make a key with policies. All
// came with version 4.0, and "cached" with 4.3.
// https://developers.yubico.com/PIV/Introduction/Yubico_extensions.html
func (c *card) knowsPolicies(touch pivgo.TouchPolicy) error {
	switch v := c.yk.Version(); {
	case v.Major < 4:
		return fmt.Errorf("%w: its PIV applet, of version %s, knows no touch and PIN policies; a YubiKey 4 or later is wanted", token.ErrUnsupported, c.version())
	case v.Major == 4 && v.Minor < 3 && touch == pivgo.TouchPolicyCached:
		return fmt.Errorf("%w: its PIV applet, of version %s, does not know the touch policy cached, which came with 4.3", token.ErrUnsupported, c.version())
	}
	return nil
}

// needsPIN: unknown policies and those of later firmwares count as needing it.
func (k key) needsPIN() bool {
	return k.pin != pivgo.PINPolicyNever && !k.needsFinger()
}

// needsFinger: the YubiKey Bio verifies a finger instead.
func (k key) needsFinger() bool {
	return k.pin == pivgo.PINPolicyMatchOnce || k.pin == pivgo.PINPolicyMatchAlways
}
