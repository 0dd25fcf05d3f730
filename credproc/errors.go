package credproc

import (
	"fmt"
	"time"

	"github.com/mfad/mfad/credproc/flight"
	"github.com/mfad/mfad/internal/errcode"
)

// What a caller may branch on.
var (
	// ErrNoKey: the vault keeps no access key of that name.
	ErrNoKey = errcode.New(errcode.NoKey, "no such access key")
	// ErrUntrustedEndpoint: the endpoint is not AWS's and nobody vouched for it.
	ErrUntrustedEndpoint = errcode.New(errcode.UntrustedEndpoint, "endpoint not trusted")
	// ErrLongTerm: the chain ends at a long-term access key, which is never
	// handed out.
	ErrLongTerm = errcode.New(errcode.BadConfig, "long-term access keys are not handed out")
	// ErrClosed: the broker is shutting down.
	ErrClosed = flight.ErrClosed
	// ErrUnsent: the request cannot have reached AWS.
	ErrUnsent = errcode.Vague(errcode.Unavailable, "not sent")
	// ErrUnsigned: what signs in place of a secret did not. It is always
	// ErrUnsent too.
	ErrUnsigned = errcode.Vague(errcode.TokenFailed, "not signed")

	// ErrCodeRefused: AWS says that the code is wrong or was used.
	ErrCodeRefused = errcode.New(errcode.CodeRefused, "MFA code refused")
	// ErrDeviceRefused: AWS knows no such device for this user.
	ErrDeviceRefused = errcode.New(errcode.DeviceRefused, "MFA device refused")
	// ErrKeyRefused: AWS knows no such access key, or its secret is wrong.
	ErrKeyRefused = errcode.New(errcode.KeyRefused, "access key refused")
	// ErrExpired: AWS says that the credentials that signed have expired.
	ErrExpired = errcode.New(errcode.Expired, "credentials expired")
	// ErrDenied: AWS denies the call to this identity.
	ErrDenied = errcode.New(errcode.Denied, "access denied")
	// ErrClock: AWS refuses the request's time; a *ClockError tells by how much.
	ErrClock = errcode.New(errcode.Clock, "clock is wrong")
	// ErrThrottled: AWS asks to slow down, and kept asking.
	ErrThrottled = errcode.New(errcode.Throttled, "throttled")
	// ErrInvalid: AWS refuses a parameter, such as a duration or a policy.
	ErrInvalid = errcode.New(errcode.Invalid, "invalid request")
	// ErrTooLong: AWS refuses the duration that was asked for.
	ErrTooLong = errcode.New(errcode.Invalid, "session too long")
	// ErrNoService: what answered is not AWS, or gave what AWS never gives, which
	// does not go away by trying again.
	ErrNoService = errcode.New(errcode.NoService, "not a service of AWS")
	// ErrUnavailable: AWS could not be reached or failed on its side.
	ErrUnavailable = errcode.New(errcode.Unavailable, "AWS unavailable")
)

// RefusalError is an answer of STS that is not credentials. It is one of the
// sentinels of this package by [errors.Is].
type RefusalError struct {
	Op        string // such as "AssumeRole"
	Code      string // AWS's error code
	Message   string // AWS's words
	RequestID string
	Status    int   // HTTP
	Class     error // one of the sentinels
}

func (e *RefusalError) Error() string {
	text := fmt.Sprintf("%s: %s: %s", e.Op, e.Code, e.Message)
	if e.RequestID == "" { // not every answer has one
		return text
	}
	return text + " (request " + e.RequestID + ")"
}

// Unwrap makes errors.Is hold for the class.
func (e *RefusalError) Unwrap() error { return e.Class }

// ClockError says how far our clock is from AWS's; it wraps ErrClock.
type ClockError struct {
	// Ahead is how much our clock is ahead; negative when it is behind, and zero
	// when AWS did not tell.
	Ahead time.Duration
}

func (e *ClockError) Error() string {
	side, d := "ahead of", e.Ahead
	if d < 0 {
		side, d = "behind", -d
	}
	if d.Round(time.Second) == 0 {
		return "AWS does not take the time of this machine's clock"
	}
	return fmt.Sprintf("this machine's clock is %s %s AWS's", d.Round(time.Second), side)
}

// Unwrap makes errors.Is(err, ErrClock) hold.
func (e *ClockError) Unwrap() error { return ErrClock }
