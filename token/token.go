// Package token is what a hardware token can do for mfad, and the client of
// mfad-token, the short-lived program that talks to tokens.
//
// A [Helper] runs that program once per operation; the program asks back through
// a [Person], in the words of package human, as all of mfad does. A [Key] makes
// of a token an age.Identity that opens a vault.
//
// Which keys open vaults is a list of kinds, [Known]: each [Kind] describes its
// keys to whoever touches no hardware, and the program has a driver for it (see
// token/serve). Everybody else looks a kind up by the name that a person or a
// vault has for it, or by the identity of a key.
//
// The package itself links no C and touches no hardware: that is for the rooms
// token/pcsc, token/oath, token/piv and token/fido2, which mfad-token alone
// links. It decides nothing about vaults or AWS.
package token

import "fmt"

// Token is a token that is plugged in, as it describes itself.
type Token struct {
	Serial  string `json:"serial,omitempty"`  // decimal, as printed on a YubiKey; empty when it tells none
	Model   string `json:"model"`             // "YubiKey 5 NFC", else what the reader says
	Version string `json:"version,omitempty"` // of the firmware: "5.4.3"
	Place   string `json:"place"`             // the PC/SC reader, or the path of the FIDO2 device
	PIV     *PIV   `json:"piv,omitempty"`     // nil: the token has no such applet
	OATH    *OATH  `json:"oath,omitempty"`
	FIDO2   *FIDO2 `json:"fido2,omitempty"`
	// Fault says why the token, or a part of it, could not be read; empty when it could.
	Fault string `json:"fault,omitempty"`
}

// String names the token to a person: "YubiKey 5 NFC (serial 12345678)".
func (t Token) String() string {
	if t.Serial == "" {
		return t.Model
	}
	return fmt.Sprintf("%s (serial %s)", t.Model, t.Serial)
}

// Unknown stands for a number of tries that the token does not tell.
const Unknown = -1

// PIV is the PIV applet (NIST SP 800-73-4 with Yubico's extensions).
type PIV struct {
	Version string   `json:"version,omitempty"`
	Retries int      `json:"retries"` // tries left for the PIN, or Unknown
	Keys    []PIVKey `json:"keys,omitempty"`
	// Partial says that keys without a certificate are not among them.
	Partial bool `json:"partial,omitempty"`
	// PUKBlocked says that nothing sets the PIN's tries back any more.
	PUKBlocked bool `json:"pukBlocked,omitempty"`
}

// PIVKey is a key in a slot of the PIV applet.
type PIVKey struct {
	Slot      string `json:"slot"`                // two hexadecimal digits: "82"
	Algorithm string `json:"algorithm"`           // "P-256"
	PIN       string `json:"pin,omitempty"`       // "once", "always", "never"; empty: unknown
	Touch     string `json:"touch,omitempty"`     // "always", "cached", "never"; empty: unknown
	Origin    string `json:"origin,omitempty"`    // "generated" or "imported"; empty: unknown
	Subject   string `json:"subject,omitempty"`   // of the certificate
	Recipient string `json:"recipient,omitempty"` // age1yubikey1…, of a P-256 key
	// Attested says that Yubico vouches that the key was made in this token.
	Attested bool `json:"attested,omitempty"`
}

// OATH is the OATH applet (YKOATH).
type OATH struct {
	ID          string           `json:"id"`                  // of the applet, in hexadecimal; changes with a reset
	Protected   bool             `json:"protected,omitempty"` // has an access code
	Locked      bool             `json:"locked,omitempty"`    // and that was not known
	Unlisted    bool             `json:"unlisted,omitempty"`  // the credentials could not be listed
	Credentials []OATHCredential `json:"credentials,omitempty"`
}

// OATHCredential is an account of the OATH applet, without its key.
type OATHCredential struct {
	Name      string `json:"name"`
	Type      string `json:"type"`      // "totp" or "hotp"
	Algorithm string `json:"algorithm"` // "SHA1", "SHA256", "SHA512"
	Touch     bool   `json:"touch,omitempty"`
}

// FIDO2 is a FIDO2 authenticator.
type FIDO2 struct {
	AAGUID     string `json:"aaguid"`
	HMACSecret bool   `json:"hmacSecret"` // it can open a vault
	PINSet     bool   `json:"pinSet"`
	Retries    int    `json:"retries"` // tries left for the PIN, or Unknown
	// AlwaysUV says that each use takes the PIN, or a finger.
	AlwaysUV bool `json:"alwaysUV,omitempty"`
}
