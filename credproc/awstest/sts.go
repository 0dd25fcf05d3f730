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
	minSeconds           = 900
	maxSessionSeconds    = 129_600
	maxRootSeconds       = 3_600
	defaultSessionLength = 43_200
	maxRoleSeconds       = 43_200
	defaultRoleLength    = 3_600
	maxChained           = time.Hour
	maxTags              = 50
	maxPolicyARNs        = 10
	maxPolicy            = 2048
)

var (
	serialPattern     = regexp.MustCompile(`[\w+=/:,.@-]*`)
	codePattern       = regexp.MustCompile(`[\d]*`)
	namePattern       = regexp.MustCompile(`[\w+=,.@-]*`)
	externalIDPattern = regexp.MustCompile(`[\w+=,.@:\/-]*`)
	arnPattern        = regexp.MustCompile(`[\x{0009}\x{000A}\x{000D}\x{0020}-\x{007E}\x{0085}\x{00A0}-\x{D7FF}\x{E000}-\x{FFFD}\x{10000}-\x{10FFFF}]+`)
	tagPattern        = regexp.MustCompile(`[\p{L}\p{Z}\p{N}_.:/=+\-@]*`)
)

func (c *constraints) mfa() (serial, code string) {
	return c.text("SerialNumber", 9, 256, serialPattern), c.text("TokenCode", 6, 6, codePattern)
}

func (s *Server) getSessionTokenLocked(by caller, call call) (any, *apiError) {
	c := &constraints{call: call}
	seconds := c.number("DurationSeconds", minSeconds, maxSessionSeconds, defaultSessionLength)
	serial, code := c.mfa()
	if refusal := c.refusal(); refusal != nil {
		return nil, refusal
	}
	if by.who.temporary {
		return nil, refuse(http.StatusForbidden, "AccessDenied", "Cannot call GetSessionToken with session credentials")
	}
	mfaAt, refusal := s.checkMFALocked(by.who, serial, code)
	if refusal != nil {
		return nil, refusal
	}
	if by.who.user.root { // longer requests of the account's owner get one hour
		seconds = min(seconds, maxRootSeconds)
	}
	who := by.who
	who.mfaAt = mfaAt
	return sessionTokenXML{Credentials: s.issueLocked(who, time.Duration(seconds)*time.Second)}, nil
}

func (s *Server) getCallerIdentityLocked(by caller) (any, *apiError) {
	return callerIdentityXML{ARN: by.who.arn, UserID: by.who.userID, Account: by.who.account}, nil
}
