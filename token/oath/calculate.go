package oath

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/mfad/mfad/token"
)

// P2 of CALCULATE and CALCULATE ALL.
const (
	wantFull      = 0x00
	wantTruncated = 0x01
)

// maxChallenge keeps a command with the longest name in one APDU.
const maxChallenge = 64

// Code computes a code. For TOTP the challenge is the number of the time step,
// 8 bytes, big endian; for HOTP it is empty, and a code is used up. Code waits
// for a touch if the credential wants one: token.ErrTouch when the token gives
// up on it, after some 15 s. token.ErrNoCredential if it is not there,
// token.ErrAccessCode if the applet is locked.
func (a *Applet) Code(name string, challenge []byte) (digits string, err error) {
	value, err := a.calculate(name, challenge, truncated)
	if err == nil {
		defer clear(value)
		digits, err = format(value)
	}
	if err != nil {
		return "", fmt.Errorf("computing a code with %q: %w", name, err)
	}
	return digits, nil
}

// ErrCodesAlone: the applet computes codes, and never a whole HMAC.
var ErrCodesAlone = fmt.Errorf("%w: it computes codes alone, and no whole HMAC", token.ErrUnsupported)

// Short computes what a code is made of: 31 bits of the HMAC (RFC 4226, 5.3), and
// how many digits a code has. It waits and fails as [Applet.Code].
func (a *Applet) Short(name string, challenge []byte) (bits uint32, digits int, err error) {
	value, err := a.calculate(name, challenge, truncated)
	if err == nil {
		defer clear(value)
		bits, digits, err = parseShort(value)
	}
	if err != nil {
		return 0, 0, fmt.Errorf("computing with %q: %w", name, err)
	}
	return bits, digits, nil
}

// Full computes the whole HMAC of the challenge, of at most 64 bytes, under the
// credential's key: 20, 32 or 64 bytes, which the caller wipes. It tells how many
// digits a code of the credential has, too. It waits and fails as [Applet.Code],
// and with an error that wraps [ErrCodesAlone] where the applet never does that.
func (a *Applet) Full(name string, challenge []byte) (mac []byte, digits int, err error) {
	value, err := a.calculate(name, challenge, full)
	if isMissing(err) {
		err = ErrCodesAlone
	}
	if err == nil && !slices.Contains([]int{20, 32, 64}, len(value)-1) {
		clear(value)
		err = malformed("an HMAC of %d bytes", len(value)-1)
	}
	if err != nil {
		return nil, 0, fmt.Errorf("computing with %q: %w", name, err)
	}
	return value[1:], int(value[0]), nil
}

// form is how much of an HMAC is asked for, and the tag of the answer.
type form struct{ p2, tag byte }

var (
	full      = form{wantFull, tagFull}
	truncated = form{wantTruncated, tagTruncated}
)

func (a *Applet) calculate(name string, challenge []byte, f form) ([]byte, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	if len(challenge) > maxChallenge {
		return nil, fmt.Errorf("%w: a challenge of %d bytes, more than %d", errInvalid, len(challenge), maxChallenge)
	}
	data := appendTLV(nil, tagName, []byte(name))
	data = appendTLV(data, tagChallenge, challenge)
	answer, err := a.do(command{ins: insCalculate, p2: f.p2, data: data})
	if err != nil {
		return nil, err
	}
	value, err := only(answer, f.tag)
	if err != nil {
		clear(answer)
	}
	return value, err
}

// parseShort reads a truncated response: how many digits, and the 31 bits of
// RFC 4226, 5.3. The top bit some applets leave to us.
func parseShort(value []byte) (bits uint32, digits int, err error) {
	if len(value) != 5 {
		return 0, 0, malformed("a truncated response of %d bytes", len(value))
	}
	digits = int(value[0])
	if digits < minDigits || digits > maxDigits {
		return 0, 0, malformed("a code of %d digits", digits)
	}
	return binary.BigEndian.Uint32(value[1:]) & 0x7FFFFFFF, digits, nil
}

// format makes a code of a truncated response.
func format(value []byte) (string, error) {
	code, n, err := parseShort(value)
	if err != nil {
		return "", err
	}
	mod := uint32(1)
	for range n {
		mod *= 10
	}
	return fmt.Sprintf("%0*d", n, code%mod), nil
}

// Result is what [Applet.All] has for a credential.
type Result struct {
	Name   string
	Digits string // the code; empty for what follows
	Touch  bool   // it wants a touch: ask by Code
	HOTP   bool   // a code would be used up: ask by Code
}

// All computes the codes of all TOTP credentials that want no touch, for one
// challenge, in the applet's order. The period of a credential is the caller's
// to know.
func (a *Applet) All(challenge []byte) ([]Result, error) {
	all, err := a.calculateAll(challenge)
	if err != nil {
		return nil, fmt.Errorf("computing all codes: %w", err)
	}
	results := make([]Result, len(all))
	for i, r := range all {
		results[i] = Result{Name: r.name, Touch: r.tag == tagTouch, HOTP: r.tag == tagHOTP}
		if r.tag != tagTruncated {
			continue
		}
		if results[i].Digits, err = format(r.response); err != nil {
			return nil, fmt.Errorf("computing all codes: %w", err)
		}
	}
	return results, nil
}

// response is one credential's in the answer to CALCULATE ALL.
type response struct {
	name     string
	tag      byte
	response []byte
}

func (a *Applet) calculateAll(challenge []byte) ([]response, error) {
	if len(challenge) > maxChallenge {
		return nil, fmt.Errorf("%w: a challenge of %d bytes, more than %d", errInvalid, len(challenge), maxChallenge)
	}
	answer, err := a.do(command{ins: insCalculateAll, p2: wantTruncated, data: appendTLV(nil, tagChallenge, challenge)})
	if err != nil {
		return nil, err
	}
	return parseAll(answer)
}

// parseAll reads the answer to CALCULATE ALL: a name and a response in turn. What
// has another response is a record of a kind that computes no codes.
func parseAll(answer []byte) ([]response, error) {
	objects, err := parseTLV(answer)
	if err != nil {
		return nil, err
	}
	if len(objects)%2 != 0 {
		return nil, malformed("a name without a response")
	}
	var all []response
	for pair := range slices.Chunk(objects, 2) {
		name, r := pair[0], pair[1]
		if name.tag != tagName || len(name.value) == 0 {
			return nil, malformed("tag %02x instead of a name", name.tag)
		}
		if r.tag != tagTruncated && r.tag != tagTouch && r.tag != tagHOTP {
			continue
		}
		all = append(all, response{string(name.value), r.tag, r.value})
	}
	return all, nil
}
