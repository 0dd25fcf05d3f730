// Package sigv4 signs requests to AWS with the signing key of a day instead of
// a secret access key.
//
// Signature Version 4 begins with kDate = HMAC-SHA256("AWS4" + secret, day);
// all that follows needs kDate alone
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html).
// So whoever has the secret, such as a token that can compute an HMAC, can let
// others sign for one UTC day without showing it.
//
// It signs headers, not query strings, and one request at a time: it knows no
// chunked uploads, no presigned URLs and no Signature Version 4A.
package sigv4

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// A Key signs in the name of an access key.
type Key struct {
	ID           string // the access key id
	SessionToken string // of temporary credentials; may be empty
	// Day returns kDate of a UTC day in [DayLayout]: 32 bytes, which the signer
	// wipes. It may take long: a person may have to touch a token.
	Day func(ctx context.Context, day string) ([]byte, error)
}

// How AWS writes a time and a day, both in UTC.
const (
	TimeLayout = "20060102T150405Z"
	DayLayout  = "20060102"
)

const (
	algorithm   = "AWS4-HMAC-SHA256"
	dateHeader  = "X-Amz-Date"
	tokenHeader = "X-Amz-Security-Token"
	termination = "aws4_request"
)

// Terms are what a signature states beside the request.
type Terms struct {
	Service, Region string
	At              time.Time
	// Payload is the SHA-256 of the body in hexadecimal.
	Payload string
}

func (t Terms) scope() string {
	return t.At.Format(DayLayout) + "/" + t.Region + "/" + t.Service + "/" + termination
}

// Sign signs r on the given terms. It sets the headers X-Amz-Date, Authorization
// and, for temporary credentials, X-Amz-Security-Token, and writes host and
// query as they were signed. It waits for the key's Day, whose error it wraps.
func Sign(ctx context.Context, r *http.Request, terms Terms, key Key) error {
	terms.At = terms.At.UTC()
	kDate, err := key.Day(ctx, terms.At.Format(DayLayout))
	if err != nil {
		return fmt.Errorf("signing with access key %s: %w", key.ID, err)
	}
	defer clear(kDate)
	if len(kDate) != sha256.Size {
		return errors.New("signing: the key of a day has 32 bytes")
	}
	stamp := terms.At.Format(TimeLayout)
	r.Header[dateHeader] = []string{stamp}
	if key.SessionToken != "" {
		r.Header[tokenHeader] = []string{key.SessionToken}
	}
	r.Host = hostOf(r)
	c := writeCanonical(r, terms.Payload)
	toSign := algorithm + "\n" + stamp + "\n" + terms.scope() + "\n" + hexSum(c.text)
	derive(kDate, terms)
	r.Header["Authorization"] = []string{
		algorithm + " Credential=" + key.ID + "/" + terms.scope() + ", SignedHeaders=" + c.headers +
			", Signature=" + hex.EncodeToString(mac(nil, kDate, toSign)),
	}
	r.URL.RawQuery = c.query
	return nil
}

// derive turns kDate into what signs for one service in one region. Each key
// takes the place of the one before, so that a single wipe ends them all.
func derive(kDate []byte, terms Terms) {
	for _, part := range []string{terms.Region, terms.Service, termination} {
		mac(kDate[:0], kDate, part)
	}
}

// SigningKey is kDate of a day as whoever has the secret computes it: the
// HMAC-SHA256 of the day under [Secret].
func SigningKey(secret []byte, day string) []byte {
	return dayKey(Secret(secret), day)
}

// dayKey wipes the key under which kDate is made.
func dayKey(key []byte, day string) []byte {
	defer clear(key)
	return mac(nil, key, day)
}

// Secret is the key under which kDate is the HMAC-SHA256 of a day, for the
// caller to wipe.
func Secret(secretAccessKey []byte) []byte {
	const prefix = "AWS4"
	key := make([]byte, 0, len(prefix)+len(secretAccessKey)) // in one piece, so that no copy stays behind
	return append(append(key, prefix...), secretAccessKey...)
}

// mac appends the HMAC-SHA256 of a text; it may write over the key.
func mac(to, key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(to)
}

func hexSum(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
