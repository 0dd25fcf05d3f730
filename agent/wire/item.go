package wire

import (
	"time"

	"github.com/mfad/mfad/internal/sealed"
)

// KeyImportParams brings an access key in. The secret travels over the
// socket alone; the client wipes its copy.
type KeyImportParams struct {
	Name        string       `json:"name"`
	AccessKeyID string       `json:"accessKeyId"`
	Secret      sealed.Bytes `json:"secret"` // base64 on the wire
	Replace     bool         `json:"replace,omitempty"`
	Trust       []string     `json:"trust,omitempty"` // endpoints to trust with this key
	// OnToken, Tokens and Touch are as in [DeviceAddParams], and so is ToVault.
	OnToken bool     `json:"onToken,omitempty"`
	Tokens  []string `json:"tokens,omitempty"`
	Touch   bool     `json:"touch,omitempty"`
	ToVault bool     `json:"toVault,omitempty"`
}

// Wipe clears the secret.
func (p KeyImportParams) Wipe() { clear(p.Secret) }

// Key is an access key's public facts.
type Key struct {
	Name        string    `json:"name"`
	AccessKeyID string    `json:"accessKeyId"`
	Created     time.Time `json:"created"`
	Trust       []string  `json:"trust,omitempty"`
	// Tokens are the serial numbers of the tokens that hold the secret; none:
	// the vault does. Touch says that each use of the token takes a touch.
	Tokens []string `json:"tokens,omitempty"`
	Touch  bool     `json:"touch,omitempty"`
	// Left is as in [RemoveResult], of what was replaced just now.
	Left []string `json:"left,omitempty"`
}

// MoveParams moves a secret access key, or the seed of a device, out of the vault
// onto tokens, all of which must be plugged in; none named: onto the only one that
// is. Touch says that each use takes a touch.
type MoveParams struct {
	Name   string   `json:"name"`
	Tokens []string `json:"tokens,omitempty"` // serial numbers
	Touch  bool     `json:"touch,omitempty"`
}

// RemoveResult: Left are the serial numbers of tokens that hold the secret
// still, because they were not plugged in.
type RemoveResult struct {
	Left []string `json:"left,omitempty"`
	// Kept are the tokens that keep the credential of that name, because it was
	// there before mfad.
	Kept       []string `json:"kept,omitempty"`
	Credential string   `json:"credential,omitempty"`
}

// RenameParams gives an item another name. It takes a proof, even while the vault is
// open.
type RenameParams struct {
	Name string `json:"name"`
	To   string `json:"to"`
}

// KeyRenameResult: Uses are the settings that have the old name still, each with the
// profile whose chain comes by it.
type KeyRenameResult struct {
	Key  Key     `json:"key"`
	Uses []Value `json:"uses"`
}

// DeviceSetParams gives a device another serial number; empty: none. It takes a proof,
// even while the vault is open, unless the device has none.
type DeviceSetParams struct {
	Name   string `json:"name"`
	Serial string `json:"serial"`
}

// KeyTrustParams lets a key's requests go to an endpoint that is not AWS's, by a
// proxy, or with a CA bundle: all of what is named, together. Revoke takes it back.
type KeyTrustParams struct {
	Name     string `json:"name"`
	Endpoint string `json:"endpoint"`        // "aws" for AWS's own
	Proxy    string `json:"proxy,omitempty"` // http://HOST:PORT, without a user
	CA       string `json:"ca,omitempty"`    // the SHA-256 of the PEM file, in hex
	Revoke   bool   `json:"revoke,omitempty"`
}

// DeviceAddParams: Seed is one otpauth URI, otpauth-migration URI or base32
// text. Serials go to the devices in order; a migration may bring several, and
// then names them itself unless Name is given for a single one.
type DeviceAddParams struct {
	Name    string       `json:"name,omitempty"`
	Serial  string       `json:"serial,omitempty"`
	Seed    sealed.Bytes `json:"seed"` // base64 on the wire
	Replace bool         `json:"replace,omitempty"`
	// OnToken puts the seed onto Tokens, serial numbers, all of which must be
	// plugged in, or onto the only token that is; the vault gets a pointer.
	OnToken bool     `json:"onToken,omitempty"`
	Tokens  []string `json:"tokens,omitempty"`
	Touch   bool     `json:"touch,omitempty"` // each code takes a touch
	// What replaces a secret on tokens says where it goes: OnToken, which means
	// those tokens if it names none, or ToVault.
	ToVault bool `json:"toVault,omitempty"`
}

// Wipe clears the seed.
func (p DeviceAddParams) Wipe() { clear(p.Seed) }

// DeviceAddResult tells what came in. An export of many accounts comes in
// several QR codes, of which this was Part of Parts (1 of 1 for all else);
// Skipped says in a sentence each why entries cannot be used; Left is as in
// [RemoveResult], of what was replaced.
type DeviceAddResult struct {
	Devices []Device `json:"devices"`
	Left    []string `json:"left,omitempty"`
	Skipped []string `json:"skipped,omitempty"`
	Part    int      `json:"part"`
	Parts   int      `json:"parts"`
}

// Device is an MFA device's public facts.
type Device struct {
	Name      string    `json:"name"`
	Serial    string    `json:"serial,omitempty"`
	Issuer    string    `json:"issuer,omitempty"`
	Account   string    `json:"account,omitempty"`
	Algorithm string    `json:"algorithm"`
	Digits    int       `json:"digits"`
	Period    int       `json:"periodSeconds"`
	Created   time.Time `json:"created"`
	Tokens    []string  `json:"tokens,omitempty"` // as in Key
	Touch     bool      `json:"touch,omitempty"`
	// Adopted says that the tokens had it before mfad: removing the device leaves
	// it there.
	Adopted bool `json:"adopted,omitempty"`
}

// Code is a code and the end of its step.
type Code struct {
	Digits  string    `json:"digits"`
	Expires time.Time `json:"expires"`
	// SkewMillis is what to add to our clock, as AWS told, when it is so much that
	// AWS takes no code.
	SkewMillis int64 `json:"skewMillis,omitempty"`
	// Doubt says why AWS could not be asked for the time, when the clock may have
	// been set since it told it.
	Doubt string `json:"doubt,omitempty"`
}
