package awstest

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// AWS's virtual devices: RFC 6238 with SHA-1, 30 s and 6 digits.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_enable_virtual.html
const (
	step   = 30 * time.Second
	modulo = 1_000_000
)

// Device is a virtual MFA device with its seed, as somebody who enrolled it
// has it.
type Device struct {
	// Serial is the device's ARN.
	Serial string

	user string
	seed [seedSize]byte
}

// AWS's own seeds have 64 characters of base32.
const seedSize = 40

func newSeed() (seed [seedSize]byte) {
	_, _ = rand.Read(seed[:]) // never fails
	return seed
}

// Seed is the device's secret in base32, as AWS shows it for typing.
func (d Device) Seed() string { return base32.StdEncoding.EncodeToString(d.seed[:]) }

// URI is what the QR code of AWS's console says.
func (d Device) URI() string {
	account := d.user + "@" + arnAccount(d.Serial)
	return "otpauth://totp/" + url.PathEscape("Amazon Web Services:"+account) +
		"?secret=" + d.Seed() + "&issuer=" + url.PathEscape("Amazon Web Services")
}

// Code is what the device shows at a time.
func (d Device) Code(at time.Time) string { return d.code(stepOf(at)) }

// String prints the serial number alone.
func (d Device) String() string { return d.Serial }

// GoString is String: %#v prints no seed either.
func (d Device) GoString() string { return d.Serial }

func stepOf(at time.Time) int64 { return at.Unix() / int64(step/time.Second) }

// code is HOTP (RFC 4226, 5.3) of a time step (RFC 6238, 4.2).
func (d Device) code(counter int64) string {
	mac := hmac.New(sha1.New, d.seed[:])
	_ = binary.Write(mac, binary.BigEndian, counter) // a hash never fails
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 0x0f
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[at:])&0x7fffffff%modulo)
}

// device is a Device as AWS keeps it.
type device struct {
	Device
	last int64 // the newest step whose code was accepted, -1 for none
}

// accept judges a code. One is good for a step within the window that is newer
// than every step accepted before: no code works twice (RFC 6238, 5.2).
func (d *device) accept(code string, now time.Time, window int) bool {
	current := stepOf(now)
	for at := max(current-int64(window), d.last+1); at <= current+int64(window); at++ {
		if subtle.ConstantTimeCompare([]byte(d.code(at)), []byte(code)) == 1 {
			d.last = at
			return true
		}
	}
	return false
}

// The texts of STS, all under AccessDenied.
const (
	badCodeText   = "MultiFactorAuthentication failed with invalid MFA one time pass code."
	badDeviceText = "MultiFactorAuthentication failed, unable to validate MFA code." +
		"  Please verify your MFA serial number is valid and associated with this user."
	halfMFAText    = "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code."
	sessionMFAText = badDeviceText // only a long-term key of a user can give a code
)

// checkMFALocked judges serial and code of a request, if it has them, and tells
// since when its maker is authenticated by MFA: zero is not at all.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_configure-api-require.html
func (r *realm) checkMFALocked(by principal, serial, code string) (time.Time, *apiError) {
	switch {
	case serial == "" && code == "":
		return by.mfaAt, nil
	case serial == "" || code == "":
		return time.Time{}, refuse(http.StatusForbidden, "AccessDenied", halfMFAText)
	case by.temporary:
		return time.Time{}, refuse(http.StatusForbidden, "AccessDenied", sessionMFAText)
	}
	now := r.clockLocked()
	for _, d := range by.user.devices {
		if d.Serial != serial {
			continue
		}
		if !d.accept(code, now, r.window) {
			return time.Time{}, refuse(http.StatusForbidden, "AccessDenied", badCodeText)
		}
		return now, nil
	}
	return time.Time{}, refuse(http.StatusForbidden, "AccessDenied", badDeviceText)
}
