package token

import "github.com/mfad/mfad/internal/sealed"

// The protocol between an agent and mfad-token: JSON-RPC 2.0, one object a
// line, over the program's standard streams, both ways. The agent closes the
// standard input when it wants no more, and the program ends. Bytes are base64.

// What the agent may call, one call at a time.
const (
	MethodList        = "list"         // ListParams -> Listing
	MethodOATHCode    = "oath.code"    // OATHCodeParams -> OATHCode
	MethodOATHDay     = "oath.day"     // OATHDayParams -> OATHDay
	MethodOATHPut     = "oath.put"     // OATHPutParams -> Placed
	MethodOATHDelete  = "oath.delete"  // OATHDeleteParams -> Placed
	MethodOATHAccess  = "oath.access"  // OATHAccessParams -> OATHAccess
	MethodOATHProtect = "oath.protect" // OATHProtectParams -> OATHAccess
	MethodMakeKey     = "key.make"     // KeyParams -> NewKey
	MethodWrap        = "wrap"         // WrapParams -> WrapResult
	MethodUnwrap      = "unwrap"       // UnwrapParams -> UnwrapResult
	MethodWatch       = "watch"        // WatchParams -> Gone, when it has
)

// What mfad-token may call back while a call runs.
const (
	MethodAsk   = "ask"   // human.Question, which a Question makes -> human.Answer
	MethodAwait = "await" // Waiting, a notification; For empty: no more
)

// Ref says which token is meant: any of the serials, the first of them that is
// plugged in; none: the only one that is plugged in and can do it.
type Ref struct {
	Serials []string `json:"serials,omitempty"`
	// Wait is for how many seconds to wait for the token to be plugged in; the
	// person is told. 0 does not wait.
	Wait int `json:"wait,omitempty"`
	// Access holds the keys that are known to OATH applets with an access code, by
	// the applet's ID. It is for the calls of the OATH applet alone.
	Access map[string][]byte `json:"access,omitempty"`
}

// ListParams: Access as in [Ref], to look into protected applets. Nobody is
// asked. To read a key of the PIV applet takes half a second: after each, and
// after each token, an await without For says that the listing goes on.
type ListParams struct {
	Access map[string][]byte `json:"access,omitempty"`
	// Brief wants serials, models and which applets there are, and of a FIDO2 key
	// what it can do: no keys, no credentials, no tries.
	Brief bool `json:"brief,omitempty"`
}

// Listing is what is plugged in; Faults say in a line each why more could not
// be found, with the package to install where that is it.
type Listing struct {
	Tokens []Token  `json:"tokens"`
	Faults []string `json:"faults,omitempty"`
}

// OATHCodeParams asks for the code of a time step, whose number is Challenge.
type OATHCodeParams struct {
	Ref       Ref    `json:"ref"`
	Name      string `json:"name"`
	Challenge uint64 `json:"challenge"`
	// Touch says that the credential wants a touch; not every token tells that.
	Touch bool `json:"touch,omitempty"`
}

// OATHCode is a code, and the token that computed it.
type OATHCode struct {
	Digits string `json:"digits"`
	Token  Token  `json:"token"`
}

// OATHDayParams asks for HMAC-SHA256 under a credential's key of a day,
// "20261121", in full: SigV4's kDate when the key is "AWS4" and a secret.
type OATHDayParams struct {
	Ref  Ref    `json:"ref"`
	Name string `json:"name"`
	Day  string `json:"day"`
	// Touch is as in [OATHCodeParams].
	Touch bool `json:"touch,omitempty"`
}

// OATHDay is the day's key, of 32 bytes.
type OATHDay struct {
	Key   sealed.Bytes `json:"key"`
	Token Token        `json:"token"`
}

// OATHPutParams puts a credential on each of the tokens of Ref.Serials, all of
// which must be plugged in, or on the only one that is. Each proves before the
// answer that it computes what the host computes. Nothing is ever overwritten:
// a token that has the credential already, with the same key and touch, is left
// as it is; one that has another of the name is ErrExists, and one that has it
// with another touch ErrInvalid. What fails half way is taken off again where it
// was not before.
type OATHPutParams struct {
	Ref       Ref          `json:"ref"`
	Name      string       `json:"name"`      // at most 64 bytes
	Algorithm string       `json:"algorithm"` // "SHA1", "SHA256", "SHA512"; type TOTP
	Digits    int          `json:"digits"`    // 6 to 8
	Key       sealed.Bytes `json:"key"`
	Touch     bool         `json:"touch,omitempty"`
	// Signs says that it is for OATHDay: a token that computes codes alone is
	// ErrUnsupported then.
	Signs bool `json:"signs,omitempty"`
}

// Placed names the tokens on which something was done.
type Placed struct {
	Tokens []Token `json:"tokens"`
	// Found says that one of the tokens had the credential before.
	Found bool `json:"found,omitempty"`
}

// OATHDeleteParams deletes a credential from those tokens of Ref.Serials that
// are plugged in.
type OATHDeleteParams struct {
	Ref  Ref    `json:"ref"`
	Name string `json:"name"`
}

// OATHAccessParams asks the person for the access code unless Ref.Access has it.
type OATHAccessParams struct {
	Ref Ref `json:"ref"`
}

// OATHProtectParams sets the access code of one token: New, or none if it is
// empty. The old one is asked for unless Ref.Access has it.
type OATHProtectParams struct {
	Ref Ref          `json:"ref"`
	New sealed.Bytes `json:"new,omitempty"`
}

// OATHAccess is the key to an OATH applet, derived from its access code; empty
// when it has none.
type OATHAccess struct {
	ID    string       `json:"id"` // of the applet
	Key   sealed.Bytes `json:"key,omitempty"`
	Token Token        `json:"token"`
}

// NewKey is a key on a token that can open a vault.
type NewKey struct {
	// Identity points to the key, AGE-PLUGIN-MFAD-1…: it is public.
	Identity  string  `json:"identity"`
	Recipient string  `json:"recipient,omitempty"` // age1yubikey1…, of a PIV key
	Token     Token   `json:"token"`
	Key       *PIVKey `json:"key,omitempty"` // of a PIV key
}

// Stanza is an age recipient stanza.
type Stanza struct {
	Type string   `json:"type"`
	Args []string `json:"args"`
	Body []byte   `json:"body"`
}

// WrapParams asks to wrap a file key for the key of Identity.
type WrapParams struct {
	Identity string       `json:"identity"`
	FileKey  sealed.Bytes `json:"fileKey"`
}

// WrapResult has the stanzas.
type WrapResult struct {
	Stanzas []Stanza `json:"stanzas"`
}

// UnwrapParams asks for the file key that one of the stanzas wraps for the key
// of Identity. Wait is as in Ref. An error that is ErrInvalid says that none of
// the stanzas is for it.
type UnwrapParams struct {
	Identity string   `json:"identity"`
	Stanzas  []Stanza `json:"stanzas"`
	Wait     int      `json:"wait,omitempty"`
}

// UnwrapResult has the file key.
type UnwrapResult struct {
	FileKey sealed.Bytes `json:"fileKey"`
	Token   Token        `json:"token"`
}

// WatchParams asks to be told when a token goes: the one at Place, a Token's, by
// the key of Identity.
type WatchParams struct {
	Identity string `json:"identity"`
	Place    string `json:"place"`
}

// Gone says that the token is plugged in no more.
type Gone struct{}
