package awstest

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

// caller is who signed a request, proven.
type caller struct {
	*credential
	region string
}

const (
	amzDateFormat = "20060102T150405Z"
	// skewAllowed is how far the time of a signature may be from the server's.
	skewAllowed = 15 * time.Minute
)

var regionPattern = regexp.MustCompile(`^[a-z]{2,4}(-[a-z]+)+-\d{1,2}$`)

// authenticateLocked proves who signed the request, for the service of that name.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html
// has the order and the texts.
func (r *realm) authenticateLocked(req *http.Request, body []byte, service string) (caller, *apiError) {
	header := req.Header.Values("Authorization")
	if len(header) != 1 {
		return caller{}, refuse(http.StatusForbidden, "MissingAuthenticationToken", "Request is missing Authentication Token")
	}
	auth, refusal := parseAuthorization(header[0])
	if refusal != nil {
		return caller{}, refusal
	}
	signed, err := time.Parse(amzDateFormat, req.Header.Get("X-Amz-Date"))
	if err != nil {
		return caller{}, incomplete("Authorization header requires existence of a 'X-Amz-Date' header in ISO-8601 basic format.")
	}
	for _, check := range []*apiError{r.checkScope(auth, signed, service), checkSignedHeaders(req, auth), checkPayload(req, body)} {
		if check != nil {
			return caller{}, check
		}
	}
	c, refusal := r.lookUpLocked(auth.keyID, req.Header.Get("X-Amz-Security-Token"))
	if refusal != nil {
		return caller{}, refusal
	}
	if refusal := checkTime(signed, r.clockLocked()); refusal != nil {
		return caller{}, refusal
	}
	want := auth.sign(c.secret, signed.Format(amzDateFormat), canonicalRequest(req, auth.signedHeaders, body))
	if subtle.ConstantTimeCompare([]byte(want), []byte(auth.signature)) != 1 {
		return caller{}, mismatch("The request signature we calculated does not match the signature you provided. " +
			"Check your AWS Secret Access Key and signing method. Consult the service documentation for details.")
	}
	return caller{c, auth.region}, nil
}

func mismatch(why string) *apiError {
	return refuse(http.StatusForbidden, "SignatureDoesNotMatch", why)
}

// checkScope wants today's date, the region, the service and the terminator.
func (r *realm) checkScope(a authorization, signed time.Time, service string) *apiError {
	day := signed.Format("20060102")
	switch {
	case a.terminator != "aws4_request":
		return mismatch(fmt.Sprintf("Credential should be scoped with a valid terminator: 'aws4_request', not '%s'.", a.terminator))
	case a.service != service:
		return mismatch(fmt.Sprintf("Credential should be scoped to correct service: '%s'.", service))
	case r.region != "" && a.region != r.region, !regionPattern.MatchString(a.region):
		return mismatch(fmt.Sprintf("Credential should be scoped to a valid Region, not '%s'.", a.region))
	case a.date != day:
		return mismatch(fmt.Sprintf("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP:"+
			" '%s' != '%s', from '%s'.", a.date, day, signed.Format(amzDateFormat)))
	}
	return nil
}

// checkSignedHeaders wants host and every x-amz header of the request among
// the signed ones, in lower case, sorted, once, and all of them present.
func checkSignedHeaders(r *http.Request, a authorization) *apiError {
	if !slices.IsSorted(a.signedHeaders) || len(slices.Compact(slices.Clone(a.signedHeaders))) != len(a.signedHeaders) {
		return mismatch("SignedHeaders must be sorted and unique.")
	}
	if !slices.Contains(a.signedHeaders, "host") {
		return mismatch("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
	}
	for _, name := range a.signedHeaders {
		if name != strings.ToLower(name) || name != "host" && r.Header.Values(name) == nil {
			return mismatch(fmt.Sprintf("'%s' is a 'SignedHeader' that the request does not have.", name))
		}
	}
	for name := range r.Header {
		if lower := strings.ToLower(name); strings.HasPrefix(lower, "x-amz-") && !slices.Contains(a.signedHeaders, lower) {
			return mismatch(fmt.Sprintf("'%s' must be a 'SignedHeader' in the AWS Authorization.", name))
		}
	}
	return nil
}

// checkPayload holds a stated hash of the body against the body.
func checkPayload(r *http.Request, body []byte) *apiError {
	stated := r.Header.Get("X-Amz-Content-Sha256")
	if sum := sha256.Sum256(body); stated != "" && stated != hex.EncodeToString(sum[:]) {
		return mismatch("The provided 'x-amz-content-sha256' header does not match what was computed.")
	}
	return nil
}

// checkTime compares the signature's time with the server's.
func checkTime(signed, now time.Time) *apiError {
	now = now.Truncate(time.Second)
	at, clock := signed.Format(amzDateFormat), now.Format(amzDateFormat)
	if early := now.Add(-skewAllowed); signed.Before(early) {
		return mismatch(fmt.Sprintf("Signature expired: %s is now earlier than %s (%s - 15 min.)", at, early.Format(amzDateFormat), clock))
	}
	if late := now.Add(skewAllowed); signed.After(late) {
		return mismatch(fmt.Sprintf("Signature not yet current: %s is still later than %s (%s + 15 min.)",
			at, late.Format(amzDateFormat), clock))
	}
	return nil
}

// lookUpLocked finds the credential that an id and a token belong to.
func (r *realm) lookUpLocked(id, token string) (*credential, *apiError) {
	c := r.credentials[id]
	if c == nil || !c.active || subtle.ConstantTimeCompare([]byte(c.token), []byte(token)) != 1 {
		return nil, refuse(http.StatusForbidden, "InvalidClientTokenId", "The security token included in the request is invalid.")
	}
	if c.token != "" && !r.clockLocked().Before(c.expires) {
		return nil, refuse(http.StatusForbidden, "ExpiredToken", "The security token included in the request is expired")
	}
	return c, nil
}
