// Package wire is the protocol between mfad's programs: JSON-RPC 2.0, one object
// a line, over the agent's unix socket, both ways. A client calls the agent; while
// a call runs, the agent may call back over the same connection to prompt. The
// methods stand in wire.go, and what each takes and gives in the file of its room.
//
// The package holds names and shapes, and the codec that bounds frames; what a
// refusal is known by is in internal/errcode. It links little beside
// encoding/json and jsonrpc2, because it is on the start-up path of every call
// that the cache does not answer. (One that it answers is cmd/mfad's, which links
// not even this.) It does not dial, listen or decide.
package wire

import (
	"encoding/json"

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
