// Package wire is the protocol between mfad's programs on one page: JSON-RPC
// 2.0, one object a line, over the agent's unix socket, both ways. A client
// calls the agent; while a call runs, the agent may call back over the same
// connection to prompt.
//
// The package holds names and shapes, and the codec that bounds frames; what a
// refusal is known by is in internal/errcode. It links little beside
// encoding/json and jsonrpc2, because it is on the start-up path of every call
// that the cache does not answer. (One that it answers is cmd/mfad's, which links
// not even this.) It does not dial, listen or decide.
package wire

import (
	"encoding/json"
	"time"

	"github.com/mfad/mfad/internal/sealed"
)

// Protocol is raised when a change would let an older peer misunderstand. Each
// call carries it in its parameters' "v"; the agent refuses another with
// [errcode.Version], but for [MethodStop], which every version understands: that is
// how an agent of another version is replaced.
const Protocol = 2

// secrets are the names of all fields by which a client hands over a secret, in
// the parameters of a call or in an answer to a question. No other field of a
// client's has one of them.
var secrets = []string{"secret", "seed", "text"}

// MaxFrame is the longest line that the agent accepts, in bytes; a client
// accepts [MaxAnswer].
const MaxFrame = 64 << 10

// What a client may call, with the types of the parameters and of the result; a
// method without a type takes or gives nothing.
const (
	MethodCredentials   = "credentials"    // CredentialsParams -> CredentialsResult
	MethodStatus        = "status"         // -> Status
	MethodStop          = "agent.stop"     // the agent answers, then ends
	MethodVaultCreate   = "vault.create"   // VaultCreateParams -> VaultCreateResult
	MethodVaultShow     = "vault.show"     // -> Vault
	MethodVaultVerify   = "vault.verify"   // -> VaultVerifyResult
	MethodVaultUnlock   = "vault.unlock"   // VaultUnlockParams -> Vault
	MethodVaultLock     = "vault.lock"     // also forgets every session
	MethodVaultHold     = "vault.hold"     // VaultHoldParams: the hold time
	MethodVaultAccept   = "vault.accept"   // -> Vault: the person has restored it
	MethodSlotAdd       = "slot.add"       // SlotAddParams -> SlotAddResult
	MethodSlotRemove    = "slot.remove"    // SlotRemoveParams
	MethodKeyImport     = "key.import"     // KeyImportParams -> Key
	MethodKeyList       = "key.list"       // -> []Key
	MethodKeyRemove     = "key.remove"     // NameParams -> RemoveResult
	MethodKeyRename     = "key.rename"     // RenameParams -> KeyRenameResult
	MethodKeyTrust      = "key.trust"      // KeyTrustParams
	MethodKeyMove       = "key.move"       // MoveParams -> Key: onto a token
	MethodDeviceAdd     = "device.add"     // DeviceAddParams -> DeviceAddResult
	MethodDeviceList    = "device.list"    // -> []Device
	MethodDeviceMove    = "device.move"    // MoveParams -> Device: onto a token
	MethodDeviceSet     = "device.set"     // DeviceSetParams -> Device
	MethodDeviceRename  = "device.rename"  // RenameParams -> Device
	MethodDeviceRemove  = "device.remove"  // NameParams -> RemoveResult
	MethodDeviceResume  = "device.resume"  // NameParams
	MethodCode          = "code"           // NameParams -> Code
	MethodProfileShow   = "profile.show"   // ProfileShowParams -> Chain
	MethodProfileList   = "profile.list"   // -> []Profile
	MethodSessionList   = "session.list"   // -> []Session
	MethodSessionForget = "session.forget" // SessionForgetParams -> SessionForgetResult
	MethodTokenList     = "token.list"     // -> TokenListResult
	MethodTokenProtect  = "token.protect"  // TokenProtectParams -> Token
)

// What the agent may call back while a call runs.
const (
	MethodPromptAsk     = "prompt.ask"     // PromptParams -> PromptResult
	MethodPromptNotice  = "prompt.notice"  // PromptNoticeParams, a notification
	MethodPromptCancel  = "prompt.cancel"  // a notification: withdraw the open prompt
	MethodPromptWarning = "prompt.warning" // WarningParams, a notification: what the person must know, whatever the answer is
)

// Call is the envelope of every call's parameters: {"v":2,"client":"1.0","tty":true,"params":{…}}.
type Call struct {
	V       int             `json:"v"`
	Client  string          `json:"client"` // the client's version, for messages
	TTY     bool            `json:"tty"`    // the client can prompt
	Desktop *Desktop        `json:"desk,omitempty"`
	Params  json.RawMessage `json:"params,omitempty"`
	// Proof is the slot, an id or a kind, by which the caller wants to prove that
	// they may do what takes a proof; empty: what serves best.
	Proof string `json:"proof,omitempty"`
}

// Desktop is that of a client that cannot prompt itself, as its environment
// names it: where the agent may show a pinentry or a notification.
type Desktop struct {
	Display        string `json:"display,omitempty"`        // DISPLAY
	WaylandDisplay string `json:"waylandDisplay,omitempty"` // WAYLAND_DISPLAY
	XAuthority     string `json:"xauthority,omitempty"`     // XAUTHORITY
	Bus            string `json:"bus,omitempty"`            // DBUS_SESSION_BUS_ADDRESS
	RuntimeDir     string `json:"runtimeDir,omitempty"`     // XDG_RUNTIME_DIR
	Lang           string `json:"lang,omitempty"`           // LC_ALL, LC_MESSAGES or LANG
}

// CredentialsParams asks for a profile's credentials. No variable of the
// caller's environment travels but the region. Cached asks for what is in the
// cache alone: where there is nothing, for whatever reason, the result is empty,
// nobody is asked, and nothing is logged. The caller asks again without it.
type CredentialsParams struct {
	Profile string `json:"profile"`
	Region  string `json:"region,omitempty"`
	Cached  bool   `json:"cached,omitempty"`
}

// ProfileName implements [ProfileNamer].
func (p CredentialsParams) ProfileName() string { return p.Profile }

// ProfileNamer is parameters that name a profile: the one that a question is for
// which the agent asks while the call runs.
type ProfileNamer interface{ ProfileName() string }

// CredentialsResult holds the document, ready to print, and what scripts need beside it.
// The document comes first, and is an object of strings and one number: package
// agent/client/cached cuts it out by its place.
type CredentialsResult struct {
	Document sealed.Object `json:"document"`
	Region   string        `json:"region,omitempty"` // the profile's region
}

// WarningParams is one line for standard error, which stays there.
type WarningParams struct {
	Text string `json:"text"`
}

// NameParams names an item of the vault.
type NameParams struct {
	Name string `json:"name"`
	// Erase is for device.remove: it erases also what a token had before mfad.
	Erase bool `json:"erase,omitempty"`
}

// VaultCreateParams: Keychain is "auto", "yes" or "no". Passphrase "auto" asks
// for one when there is no keychain slot; "yes" always, "no" never.
type VaultCreateParams struct {
	Keychain   string `json:"keychain,omitempty"`
	Passphrase string `json:"passphrase,omitempty"`
	// OneWayIn allows a vault with a single slot.
	OneWayIn bool `json:"oneWayIn,omitempty"`
	// NoRecovery leaves the recovery slot out.
	NoRecovery bool `json:"noRecovery,omitempty"`
}

// VaultCreateResult holds the recovery key, which is kept nowhere else.
type VaultCreateResult struct {
	Vault    Vault       `json:"vault"`
	Recovery sealed.Text `json:"recovery,omitempty"` // AGE-SECRET-KEY-1…
}

// VaultUnlockParams chooses the slot; empty tries those that ask nothing first.
type VaultUnlockParams struct {
	Slot string `json:"slot,omitempty"` // an id or a kind
}

// VaultHoldParams sets for how long an unlock lasts, from the next one on; one
// that lasts now can become shorter. 0 unlocks for each use; negative holds
// until lock. To make it longer takes a proof, even while the vault is open.
type VaultHoldParams struct {
	Seconds int64 `json:"seconds"`
}

// Vault is what can be said of a vault without opening it.
type Vault struct {
	Name       string    `json:"name"`
	Path       string    `json:"path"`
	Generation uint64    `json:"generation"`
	Recipient  string    `json:"recipient"`
	Locked     bool      `json:"locked"`
	HeldUntil  time.Time `json:"heldUntil,omitzero"`
	Hold       int64     `json:"holdSeconds"`
	Slots      []Slot    `json:"slots"`
	Items      []Item    `json:"items"`
}

// Slot is one way into the vault.
type Slot struct {
	ID      string    `json:"id"`
	Kind    string    `json:"kind"`
	Label   string    `json:"label,omitempty"`
	Created time.Time `json:"created"`
	// Token and Identity are of a slot that a hardware token opens: which one, in
	// words, and what age-plugin-mfad finds the key by, AGE-PLUGIN-MFAD-1….
	Token    string `json:"token,omitempty"`
	Identity string `json:"identity,omitempty"`
}

// Item is one secret's public facts.
type Item struct {
	ID      string    `json:"id"`
	Name    string    `json:"name"`
	Kind    string    `json:"kind"`
	Created time.Time `json:"created"`
}

// VaultVerifyResult lists what was checked, and every fault in a sentence.
type VaultVerifyResult struct {
	Items  int      `json:"items"`
	Slots  int      `json:"slots"`
	Faults []string `json:"faults,omitempty"`
}

// SlotAddParams: Kind is passphrase, keychain, recovery, plugin, piv or fido2.
// It takes a proof, even while the vault is open.
type SlotAddParams struct {
	Kind  string `json:"kind"`
	Label string `json:"label,omitempty"`
	// Recipient and Identity are an age plugin's (kind plugin): age1NAME1… and
	// the text of its identity file.
	Recipient string `json:"recipient,omitempty"`
	Identity  string `json:"identity,omitempty"`
	// Token is the serial number of a token (kind piv) or the path of a device
	// (kind fido2); empty: the only one that is plugged in.
	Token string `json:"token,omitempty"`
	// PIVSlot is the PIV slot, "82" to "95", of a key that is there already;
	// empty makes one, with the policies PIN (once, always, never) and Touch
	// (always, cached, never). For kind fido2 PIN is "always" or "never".
	PIVSlot string `json:"pivSlot,omitempty"`
	PIN     string `json:"pin,omitempty"`
	Touch   string `json:"touch,omitempty"`
}

// SlotAddResult holds a new recovery key, for kind recovery.
type SlotAddResult struct {
	Slot     Slot        `json:"slot"`
	Recovery sealed.Text `json:"recovery,omitempty"`
}

// SlotRemoveParams: Last allows removing down to a single way in.
type SlotRemoveParams struct {
	ID   string `json:"id"`
	Last bool   `json:"last,omitempty"`
}

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

// ProfileShowParams asks how a profile resolves; nothing is fetched.
type ProfileShowParams struct {
	Profile string `json:"profile"`
	Region  string `json:"region,omitempty"`
}

// ProfileName implements [ProfileNamer].
func (p ProfileShowParams) ProfileName() string { return p.Profile }

// Chain is a resolved profile.
type Chain struct {
	Profile string `json:"profile"`
	Region  *Value `json:"region,omitempty"`
	Steps   []Step `json:"steps"`
	Fault   string `json:"fault,omitempty"` // why aws does not get that far
}

// Step is one link of a chain, as settings in the order to show them.
type Step struct {
	Kind     string  `json:"kind"`
	Profile  string  `json:"profile,omitempty"`
	At       string  `json:"at,omitempty"` // FILE:LINE
	Settings []Value `json:"settings,omitempty"`
	// Session tells of a live cached session of this step.
	Session *Session `json:"session,omitempty"`
}

// Value is one setting and the place that it came from.
type Value struct {
	Name string `json:"name"`
	Text string `json:"text"`
	From string `json:"from"`
}

// Profile is one line of a listing.
type Profile struct {
	Name    string `json:"name"`
	File    string `json:"file"`
	Line    int    `json:"line"`
	Served  bool   `json:"served"`            // aws finds mfad's credential_process for it
	RoleARN string `json:"roleArn,omitempty"` // as far as it resolves
	Source  string `json:"source,omitempty"`
	Fault   string `json:"fault,omitempty"` // why it does not resolve
}

// Session is a cached session without its secrets.
type Session struct {
	ID          string    `json:"id"` // stable while it is cached
	Kind        string    `json:"kind"`
	AccessKeyID string    `json:"accessKeyId"`
	Identity    string    `json:"identity,omitempty"` // the key or role that it is of
	Account     string    `json:"account,omitempty"`
	Serial      string    `json:"serial,omitempty"`
	Profiles    []string  `json:"profiles,omitempty"` // that asked for it
	Expires     time.Time `json:"expires"`
	Refreshing  bool      `json:"refreshing,omitempty"`
	Fault       string    `json:"fault,omitempty"` // of the last refresh
}

// SessionForgetParams: an id, a profile, or All.
type SessionForgetParams struct {
	ID      string `json:"id,omitempty"`
	Profile string `json:"profile,omitempty"`
	All     bool   `json:"all,omitempty"`
}

// SessionForgetResult counts what was forgotten.
type SessionForgetResult struct {
	Forgotten int `json:"forgotten"`
}

// Status is the agent at a glance.
type Status struct {
	Version     string    `json:"version"`
	PID         int       `json:"pid"`
	Started     time.Time `json:"started"`
	Socket      string    `json:"socket"`
	ConfigFiles []string  `json:"configFiles"` // that it reads, in the order of precedence
	Connections int       `json:"connections"`
	SkewMillis  int64     `json:"skewMillis"` // to add to our clock, as AWS told
	// Detours are the settings by which requests to AWS go elsewhere, by a proxy or
	// with other certificates than the system's.
	Detours    []Value   `json:"detours,omitempty"`
	Vault      *Vault    `json:"vault,omitempty"`
	VaultFault string    `json:"vaultFault,omitempty"` // why a vault that is there cannot be read
	Sessions   []Session `json:"sessions"`
	// Warnings are what the person should mend, one line each: who else can change
	// mfad's files, what cannot be written, what others have meddled with.
	Warnings []string `json:"warnings,omitempty"`
	// Faults are the last refusals, newest first: SDKs hide them.
	Faults []Fault `json:"faults,omitempty"`
}

// Fault is a refused request, kept for status.
type Fault struct {
	At      time.Time `json:"at"`
	Profile string    `json:"profile,omitempty"`
	Text    string    `json:"text"`
}
