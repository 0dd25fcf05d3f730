package wire

// Token is a token that is plugged in.
type Token struct {
	Serial  string      `json:"serial,omitempty"` // decimal; empty when it tells none
	Model   string      `json:"model"`
	Version string      `json:"version,omitempty"` // of the firmware
	Place   string      `json:"place"`             // the PC/SC reader or the path of the device
	PIV     *TokenPIV   `json:"piv,omitempty"`
	OATH    *TokenOATH  `json:"oath,omitempty"`
	FIDO2   *TokenFIDO2 `json:"fido2,omitempty"`
	// Keeps tells in a line each what mfad keeps on it: slots, devices, keys.
	Keeps []string `json:"keeps,omitempty"`
	Fault string   `json:"fault,omitempty"` // why it could not be read, or not wholly
}

// TokenPIV is its PIV applet. Retries is -1 when the token does not tell.
type TokenPIV struct {
	Version string `json:"version,omitempty"`
	Retries int    `json:"retries"`
	// PUKBlocked says that nothing sets the PIN's tries back any more.
	PUKBlocked bool          `json:"pukBlocked,omitempty"`
	Keys       []TokenPIVKey `json:"keys,omitempty"`
}

// TokenPIVKey is a key in a slot of the PIV applet; empty policies are unknown.
type TokenPIVKey struct {
	Slot      string `json:"slot"` // "82"
	Algorithm string `json:"algorithm"`
	PIN       string `json:"pin,omitempty"`
	Touch     string `json:"touch,omitempty"`
	Origin    string `json:"origin,omitempty"`
	Subject   string `json:"subject,omitempty"`
	Recipient string `json:"recipient,omitempty"`
	Attested  bool   `json:"attested,omitempty"`
}

// TokenOATH is its OATH applet. Locked: the vault does not hold its access code.
type TokenOATH struct {
	ID          string   `json:"id"`
	Protected   bool     `json:"protected,omitempty"`
	Locked      bool     `json:"locked,omitempty"`
	Unlisted    bool     `json:"unlisted,omitempty"` // the credentials could not be listed
	Credentials int      `json:"credentials"`
	Touch       []string `json:"touch,omitempty"` // the names of those that want a touch
}

// TokenFIDO2 is a FIDO2 authenticator. Retries is -1 when it does not tell.
type TokenFIDO2 struct {
	AAGUID     string `json:"aaguid"`
	HMACSecret bool   `json:"hmacSecret"`
	PINSet     bool   `json:"pinSet"`
	Retries    int    `json:"retries"`
	AlwaysUV   bool   `json:"alwaysUV,omitempty"`
}

// TokenListResult is what is plugged in; Faults say in a line each why more
// could not be found, with what to install.
type TokenListResult struct {
	Tokens []Token  `json:"tokens"`
	Faults []string `json:"faults,omitempty"`
}

// What TokenProtectParams asks for.
const (
	ProtectSet      = "set"      // set or change the access code, asking for it, and remember it
	ProtectRemember = "remember" // keep the access code that is set in the vault, asking for it
	ProtectForget   = "forget"   // drop it from the vault
	ProtectRemove   = "remove"   // take the access code off the token
)

// TokenProtectParams is about the access code of a token's OATH applet. Token
// is a serial number; empty: the only one that is plugged in.
type TokenProtectParams struct {
	Token  string `json:"token,omitempty"`
	Action string `json:"action"`
}
