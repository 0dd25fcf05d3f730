package credproc

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"time"
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

// Flaw says what keeps them from being those of a session that AWS's STS makes, for
// the end of a sentence about its answer; empty when nothing does. Stand-ins begin
// the ids of temporary keys as they like, and none as AWS does a long-term key's.
func (c Credentials) Flaw() string {
	var lacking []string
	for _, part := range []struct {
		name  string
		there bool
	}{
		{"access key id", c.AccessKeyID != ""},
		{"secret access key", c.SecretAccessKey != ""},
		{"session token", c.SessionToken != ""},
		{"expiration", !c.Expiration.IsZero()},
	} {
		if !part.there {
			lacking = append(lacking, part.name)
		}
	}
	switch {
	case len(lacking) == 4:
		return "has no credentials"
	case len(lacking) > 0:
		return "has credentials without " + strings.Join(lacking, ", ")
	case strings.HasPrefix(c.AccessKeyID, "AKIA"):
		return "has the id of a long-term access key, and a session's was asked for"
	}
	return ""
}

// mostLife is how long AWS lets any session live: 129,600 s
// (https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html).
const mostLife = 36 * time.Hour

// bounded are the credentials with an end that can be true: no later than longest
// from now, of which a clock that is a little off makes no difference. It refuses
// those that have ended.
func (c Credentials) bounded(now time.Time, longest time.Duration) (Credentials, error) {
	switch {
	case c.Expiration.IsZero():
	case !c.Expiration.After(now):
		return Credentials{}, fmt.Errorf("gave credentials that expired at %s: %w", formatTime(c.Expiration), ErrUnavailable)
	case c.Expiration.After(now.Add(longest + longest/4)):
		c.Expiration = now.Add(longest).UTC().Truncate(time.Second)
	}
	return c, nil
}

// Format prints the access key id and never a secret, whatever the verb.
func (c Credentials) Format(s fmt.State, _ rune) {
	_, _ = fmt.Fprintf(s, "{%s [redacted]}", c.AccessKeyID)
}

// LogValue implements [slog.LogValuer].
func (c Credentials) LogValue() slog.Value { return slog.StringValue(c.AccessKeyID) }

// MarshalJSON prints the access key id alone; the secrets leave by Document only.
func (c Credentials) MarshalJSON() ([]byte, error) { return json.Marshal(c.AccessKeyID) }
