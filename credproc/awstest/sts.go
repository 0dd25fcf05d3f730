package awstest

import (
	"net/http"
	"regexp"
	"time"
)

// Limits and patterns of the parameters, from the API reference.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
const (
	maxRootSeconds = 3_600
	maxChained     = time.Hour
	maxTags        = 50
	maxPolicyARNs  = 10
	maxPolicy      = 2048
)

var (
	sessionSeconds = span{900, 129_600, 43_200}
	roleSeconds    = span{900, 43_200, 3_600}
)

var (
	serialShape     = shape{9, 256, regexp.MustCompile(`[\w+=/:,.@-]*`)}
	codeShape       = shape{6, 6, regexp.MustCompile(`[\d]*`)}
	nameShape       = shape{2, 64, regexp.MustCompile(`[\w+=,.@-]*`)}
	externalIDShape = shape{2, 1224, regexp.MustCompile(`[\w+=,.@:\/-]*`)}
	policyShape     = shape{1, maxPolicy, nil}
	tagKeyShape     = shape{1, 128, tagPattern}
	tagValueShape   = shape{0, 256, tagPattern}
	arnShape        = shape{20, 2048, regexp.MustCompile(`[\x{0009}\x{000A}\x{000D}\x{0020}-\x{007E}\x{0085}\x{00A0}-\x{D7FF}` +
		`\x{E000}-\x{FFFD}\x{10000}-\x{10FFFF}]+`)}

	tagPattern = regexp.MustCompile(`[\p{L}\p{Z}\p{N}_.:/=+\-@]*`)
)

func (c *constraints) mfa() (serial, code string) {
	return c.text("SerialNumber", serialShape), c.text("TokenCode", codeShape)
}

func (r *realm) getSessionTokenLocked(by caller, call call) (any, *apiError) {
	c := &constraints{call: call}
	seconds := c.number("DurationSeconds", sessionSeconds)
	serial, code := c.mfa()
	if refusal := c.refusal(); refusal != nil {
		return nil, refusal
	}
	if by.who.temporary {
		return nil, refuse(http.StatusForbidden, "AccessDenied", "Cannot call GetSessionToken with session credentials")
	}
	mfaAt, refusal := r.checkMFALocked(by.who, serial, code)
	if refusal != nil {
		return nil, refusal
	}
	if by.who.user.root { // longer requests of the account's owner get one hour
		seconds = min(seconds, maxRootSeconds)
	}
	who := by.who
	who.mfaAt = mfaAt
	return sessionTokenXML{Credentials: r.issueLocked(who, time.Duration(seconds)*time.Second)}, nil
}

func (r *realm) getCallerIdentityLocked(by caller, _ call) (any, *apiError) {
	return callerIdentityXML{ARN: by.who.arn, UserID: by.who.userID, Account: by.who.account}, nil
}
