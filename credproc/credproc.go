// Package credproc makes credentials: it takes a profile's [config.Chain] and
// walks it, from a source through an MFA session to the last role, so that many
// callers cost one question, one code and one call to AWS.
//
// The [Broker] is what a program uses; the agent has one. What it needs comes
// through interfaces that this package declares: [Source] for where a chain
// begins, [Keys] for access keys, [Codes] for MFA codes, [Trust] for endpoints
// that are not AWS's, [STS] for AWS itself, and [Asker] for the person. The
// broker knows no kind of source: each says itself what names it, how it is made
// and how long it lives.
//
// The package knows no vault, no socket, no AWS SDK and no file, and it keeps no
// long-term key: sessions alone, in memory, until they expire.
package credproc

import (
	"cmp"
	"context"
	"time"

	"github.com/mfad/mfad/internal/human"
)

// Purpose names what a question is for, so that a person can decide. Every
// field may be empty.
type Purpose struct {
	Profile string // as the caller asked for it
	RoleARN string // the last role of the chain
	Account string // 12 digits
	Serial  string // the MFA device
}

// Question is the question for the code of the device; again is empty, or says
// why the last answer would not do.
func (p Purpose) Question(again string) human.Question {
	return human.Question{
		Kind: human.Code, Again: again, Profile: p.Profile, RoleARN: p.RoleARN, Account: p.Account, Serial: p.Serial,
	}
}

// Asker reaches the person on whose behalf a request runs.
type Asker = human.Asker

// AccessKey is a long-term key: its secret, or what signs instead. Both are
// valid until Close.
type AccessKey struct {
	ID     string
	Secret []byte
	Signer Signer
	// Close wipes the secret. It may be called more than once; nil is a no-op.
	Close func()
}

// Keys gives access keys out of a vault; it may unlock the vault first, and
// ask for that.
type Keys interface {
	// AccessKey returns the key that the vault keeps under name, or an error
	// that wraps ErrNoKey.
	AccessKey(ctx context.Context, name string, ask Asker) (AccessKey, error)
	// KeyID is the access key id of the item, from the vault's public facts:
	// it neither unlocks nor asks, but may wait for the vault to be opened. It
	// wraps ErrNoKey.
	KeyID(ctx context.Context, name string) (string, error)
}

// Code is a released MFA code. It is not given out again.
type Code struct {
	Digits string
	// Typed says that a person read the code off the device: when AWS refuses
	// it, they can be asked again; and it is not given back lightly.
	Typed bool
	// Unsent is called when AWS cannot have seen the code: the next caller may
	// have it.
	Unsent func()
}

// CodeRequest says what a code is for, and of which device.
type CodeRequest struct {
	Purpose
	// Again is empty, or says why AWS refused the last code.
	Again string
	// AskTime has AWS tell its time by a request that needs neither code nor
	// signature: Codes.Skew is told before it returns nil.
	AskTime func(ctx context.Context) error
}

// Codes gives MFA codes: out of a vault, or by asking. No code comes twice.
type Codes interface {
	// Code returns a code of the device that has not been released before; it
	// may wait for the next time step, at most one period, with a notice. When
	// the clock is in doubt it asks AWS for the time first.
	Code(ctx context.Context, want CodeRequest, ask Asker) (Code, error)
	// Skew tells what a Date header of AWS says of our clock: the time to add
	// to it. Codes computed later are corrected by it.
	Skew(d time.Duration)
}

// Trust decides whether an identity's requests may take a route on which others
// than AWS can see them: whoever names it could harvest a code.
type Trust interface {
	// Route returns nil when the person has trusted the route with this access
	// key, now or earlier, and an error wrapping ErrUntrustedEndpoint when they
	// have not.
	Route(ctx context.Context, keyID string, r Route, ask Asker) error
}

// Route is how requests reach AWS, as far as others have a hand in it. The zero
// Route is AWS's own endpoint, reached directly, by the system's certificates.
type Route struct {
	URL   string // of an endpoint that is not AWS's
	Proxy string // its URL, without a user and password
	CA    string // the hash of the PEM file that replaces the system's roots, in hex
}

// String is the route in words: "https://sts.example.com by proxy http://p:3128".
func (r Route) String() string {
	text := cmp.Or(r.URL, "AWS")
	if r.Proxy != "" {
		text += " by proxy " + r.Proxy
	}
	if r.CA != "" {
		text += " with CA bundle " + r.CA[:min(16, len(r.CA))]
	}
	return text
}
