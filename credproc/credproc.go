// Package credproc makes credentials: it takes a profile's [config.Chain] and
// walks it, from an access key through an MFA session to the last role, so that
// many callers cost one question, one code and one call to AWS.
//
// The package asks for keys, codes and answers through interfaces that it
// declares itself, and speaks to AWS through [STS]; it knows no vault, no
// socket, no AWS SDK and no file.
package credproc

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/mfad/mfad/credproc/config"
)

// Credentials are what a chain ends in. They print as the access key id alone.
type Credentials struct {
	AccessKeyID     string
	SecretAccessKey string
	SessionToken    string    // empty for long-term keys, which are never handed out
	Expiration      time.Time // UTC; zero for long-term keys
	AccountID       string    // 12 digits when known
	ARN             string    // of the identity that the credentials speak for, when known
	// Signer signs in place of a secret access key; nil when there is one.
	Signer Signer
}

// Signer signs requests for an access key whose secret nobody here has.
type Signer interface {
	// SigningKey returns what Signature Version 4 begins with on a UTC day,
	// written in [sigv4.DayLayout]: the HMAC-SHA256 of the day under "AWS4" and
	// the secret. The caller wipes it. It may wait for a person, who may have to
	// touch a token.
	SigningKey(ctx context.Context, day string) ([]byte, error)
}

// check refuses what no SDK could put into a header, and what a terminal, a log
// or an environment would obey: who made the credentials may be anybody.
func (c Credentials) check() error {
	for _, text := range []string{c.AccessKeyID, c.SecretAccessKey, c.SessionToken, c.AccountID} {
		for i := range len(text) {
			if text[i] < ' ' || text[i] > '~' {
				return fmt.Errorf("%w: the credentials that came have characters that AWS's have not", ErrInvalid)
			}
		}
	}
	return nil
}

// Document is the JSON that the credential_process contract asks for
// (https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html),
// on one line with its newline. Expiration has whole seconds and ends in Z.
func (c Credentials) Document() []byte {
	doc, err := json.Marshal(struct {
		Version         int
		AccessKeyID     string `json:"AccessKeyId"`
		SecretAccessKey string
		SessionToken    string `json:",omitempty"`
		Expiration      string `json:",omitempty"`
		AccountID       string `json:"AccountId,omitempty"`
	}{1, c.AccessKeyID, c.SecretAccessKey, c.SessionToken, formatTime(c.Expiration), c.AccountID})
	if err != nil {
		panic(err) // five strings and a number always marshal
	}
	return append(doc, '\n')
}

func formatTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Truncate(time.Second).Format(time.RFC3339)
}

// Format prints the access key id and never a secret, whatever the verb.
func (c Credentials) Format(s fmt.State, _ rune) {
	_, _ = fmt.Fprintf(s, "{%s [redacted]}", c.AccessKeyID)
}

// LogValue implements [slog.LogValuer].
func (c Credentials) LogValue() slog.Value { return slog.StringValue(c.AccessKeyID) }

// MarshalJSON prints the access key id alone; the secrets leave by Document only.
func (c Credentials) MarshalJSON() ([]byte, error) { return json.Marshal(c.AccessKeyID) }

// Purpose names what a question is for, so that a person can decide. Every
// field may be empty.
type Purpose struct {
	Profile string // as the caller asked for it
	RoleARN string // the last role of the chain
	Account string // 12 digits
	Serial  string // the MFA device
	KeyID   string // the access key that signs
}

// Asker puts questions to the person on whose behalf a request runs. A call
// waits for the answer or for ctx; it wraps ErrNoPrompt when nobody can be
// asked, and ErrDismissed when the person says no.
type Asker interface {
	// Code asks for the code that a device shows now. Again is empty, or says
	// why the last answer would not do.
	Code(ctx context.Context, why Purpose, again string) (string, error)
	// Secret asks for a passphrase, PIN or recovery key; the caller wipes the
	// answer.
	Secret(ctx context.Context, q Question) ([]byte, error)
	// Confirm asks a yes-or-no question; the default is no.
	Confirm(ctx context.Context, question string) (bool, error)
	// Notice shows a line while a request waits. It never fails.
	Notice(ctx context.Context, text string)
	// Act tells the person what to do now, such as to touch a token: where the
	// request came from, or on the desktop when it came from no terminal. It
	// does not wait and never fails; done takes the words back, and may be
	// called more than once.
	Act(ctx context.Context, what string) (done func())
}

// Question asks for a secret.
type Question struct {
	What  string // such as: passphrase of vault "default"
	Again string // empty, or why the last answer would not do
	Token string // the token that wants it, if one does
	Tries int    // left before the token blocks itself; 0: not known
}

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

// Code is a released MFA code. Exactly one of Sent and Unsent is called.
type Code struct {
	Digits string
	// Typed says that a person read the code off the device: when AWS refuses
	// it, they can be asked again; and it is not given back lightly.
	Typed bool
	// Sent says that AWS may have seen the code: it will not be used again.
	Sent func()
	// Unsent says that AWS cannot have seen it: the next caller may have it.
	Unsent func()
}

// Codes gives MFA codes: out of a vault, or by asking. No code comes twice.
type Codes interface {
	// Code returns a code of the device that has not been released before; it
	// may wait for the next time step, at most one period, with a notice.
	// Again is empty, or says why AWS refused the last one.
	Code(ctx context.Context, why Purpose, again string, ask Asker) (Code, error)
	// Skew tells what a Date header of AWS says of our clock: the time to add
	// to it. Codes computed later are corrected by it.
	Skew(d time.Duration)
}

// Trust decides whether an identity's requests may go to an endpoint that is
// not AWS's: whoever names the endpoint could harvest a code.
type Trust interface {
	// Endpoint returns nil when the person has trusted the URL with this
	// access key, now or earlier, and an error wrapping ErrUntrustedEndpoint
	// when they have not.
	Endpoint(ctx context.Context, keyID, url string, ask Asker) error
}

// MFA is what proves possession of a device in a request.
type MFA struct{ Serial, Code string }

// STS is AWS's Security Token Service at one endpoint. An error is a
// [*RefusalError] when the service answered, wraps ErrUnsent when the request
// cannot have reached it, and is anything else when that is not known. No
// call is ever sent twice by the implementation when it carries a code.
type STS interface {
	// GetSessionToken makes a session of a long-term key; duration 0 is AWS's default.
	GetSessionToken(ctx context.Context, by Credentials, mfa MFA, duration time.Duration) (Credentials, error)
	// AssumeRole assumes the role of a step, with a code if mfa is set.
	AssumeRole(ctx context.Context, by Credentials, role RoleRequest, mfa MFA) (Credentials, error)
	// CallerIdentity says whose credentials these are: account and ARN.
	CallerIdentity(ctx context.Context, by Credentials) (account, arn string, err error)
}

// RoleRequest is what AssumeRole is asked, beside who asks.
type RoleRequest struct {
	RoleARN, SessionName, ExternalID string
	Duration                         time.Duration // 0 is AWS's default
	Tags                             []config.Tag
	TransitiveTags                   []string
	SourceIdentity                   string
	Policy                           string
	PolicyARNs                       []string
}

// Dialer makes the STS client of an endpoint. Observe, when the client learns
// AWS's clock, is called with the time to add to ours.
type Dialer interface {
	STS(at config.Endpoint, observe func(skew time.Duration)) (STS, error)
}
