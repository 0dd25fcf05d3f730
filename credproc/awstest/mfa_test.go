package awstest_test

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/mfad/mfad/credproc/awstest"
)

// The texts of STS, which clients tell the cases apart by.
const (
	badCode   = "MultiFactorAuthentication failed with invalid MFA one time pass code."
	badDevice = "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user."
	halfMFA   = "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code."
)

// prove asks for a session with a device's code.
func (w *world) prove(t *testing.T, d awstest.Device, code string) error {
	t.Helper()
	_, err := w.client().GetSessionToken(t.Context(), &sts.GetSessionTokenInput{SerialNumber: &d.Serial, TokenCode: &code})
	return err
}

func TestCodeIsGoodOnce(t *testing.T) {
	w := newWorld(t)
	code := w.device.Code(w.Now())
	if err := w.prove(t, w.device, code); err != nil {
		t.Fatal(err)
	}
	wantRefusal(t, w.prove(t, w.device, code), "AccessDenied", badCode)
	// Neither a role nor an older code of the window gets past it.
	role := w.role(t, awstest.Role{Name: "R", Trust: awstest.Trust{Principals: []string{w.user.ARN}}})
	_, err := tryAssume(t.Context(), w.client(), role, func(in *sts.AssumeRoleInput) {
		in.SerialNumber, in.TokenCode = &w.device.Serial, &code
	})
	wantRefusal(t, err, "AccessDenied", badCode)
	wantRefusal(t, w.prove(t, w.device, w.device.Code(w.Now().Add(-30*time.Second))), "AccessDenied", badCode)

	w.Advance(30 * time.Second)
	if err := w.prove(t, w.device, w.device.Code(w.Now())); err != nil {
		t.Errorf("the next code: %v", err)
	}
}

func TestCodeOfAnotherDeviceIsItsOwn(t *testing.T) {
	w := newWorld(t)
	second, err := w.user.AddDevice("second")
	if err != nil {
		t.Fatal(err)
	}
	wantRefusal(t, w.prove(t, w.device, second.Code(w.Now())), "AccessDenied", badCode)
	for _, d := range []awstest.Device{w.device, second} {
		if err := w.prove(t, d, d.Code(w.Now())); err != nil {
			t.Errorf("%s: %v", d.Serial, err)
		}
	}
}

func TestCodeIsRefusedByTheWindow(t *testing.T) {
	for window := range 3 {
		for _, off := range []int{-2, -1, 0, 1, 2} {
			t.Run(fmt.Sprintf("window %d, %+d steps", window, off), func(t *testing.T) {
				w := newWorld(t)
				w.SetWindow(window)
				err := w.prove(t, w.device, w.device.Code(w.Now().Add(time.Duration(off)*30*time.Second)))
				if max(off, -off) <= window {
					if err != nil {
						t.Error(err)
					}
					return
				}
				wantRefusal(t, err, "AccessDenied", badCode)
			})
		}
	}
}

func TestMFATexts(t *testing.T) {
	w := newWorld(t)
	stranger, err := w.AddUser("bob").AddDevice("bob-phone")
	if err != nil {
		t.Fatal(err)
	}
	now := w.device.Code(w.Now())
	tests := map[string]struct{ serial, code *string }{
		badDevice: {&stranger.Serial, aws.String(stranger.Code(w.Now()))},
		halfMFA:   {&w.device.Serial, nil},
	}
	for want, in := range tests {
		_, err := w.client().GetSessionToken(t.Context(), &sts.GetSessionTokenInput{SerialNumber: in.serial, TokenCode: in.code})
		wantRefusal(t, err, "AccessDenied", want)
	}
	_, err = w.client().GetSessionToken(t.Context(), &sts.GetSessionTokenInput{TokenCode: &now})
	wantRefusal(t, err, "AccessDenied", halfMFA)

	_, err = w.client().GetSessionToken(t.Context(), &sts.GetSessionTokenInput{SerialNumber: aws.String("a serial"), TokenCode: aws.String("12 34")})
	wantRefusal(t, err, "ValidationError", "4 validation errors detected: "+
		"Value 'a serial' at 'serialNumber' failed to satisfy constraint: Member must have length greater than or equal to 9; "+
		"Value 'a serial' at 'serialNumber' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=/:,.@-]*; "+
		"Value '12 34' at 'tokenCode' failed to satisfy constraint: Member must have length greater than or equal to 6; "+
		"Value '12 34' at 'tokenCode' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\d]*")
	if err := w.prove(t, w.device, now); err != nil {
		t.Errorf("a good code after all that: %v", err)
	}
}

func TestSessionsGiveNoCodes(t *testing.T) {
	w := newWorld(t)
	role := w.role(t, awstest.Role{Name: "R", Trust: awstest.Trust{Principals: []string{w.user.ARN}}})
	session := w.session(w.mfaSession(t))
	w.Advance(30 * time.Second)
	_, err := tryAssume(t.Context(), session, role, func(in *sts.AssumeRoleInput) {
		in.SerialNumber, in.TokenCode = &w.device.Serial, aws.String(w.device.Code(w.Now()))
	})
	wantRefusal(t, err, "AccessDenied", badDevice)
}

func TestUserHasTwoKeysAndEightDevices(t *testing.T) {
	w := newWorld(t) // with one of each
	second, err := w.user.AddKey()
	if err != nil {
		t.Fatal(err)
	}
	w.user.SetKeyActive(second.ID, false)
	if _, err := w.user.AddKey(); !errors.Is(err, awstest.ErrLimit) {
		t.Errorf("third key: got %v, want %q", err, awstest.ErrLimit)
	}
	for i := range 7 {
		if _, err := w.user.AddDevice(fmt.Sprint("device-", i)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.user.AddDevice("ninth"); !errors.Is(err, awstest.ErrLimit) {
		t.Errorf("ninth device: got %v, want %q", err, awstest.ErrLimit)
	}
}

func TestDeviceShowsItsSeedOnlyWhenAsked(t *testing.T) {
	w := newWorld(t)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if text := fmt.Sprintf(verb, w.device); text != w.device.Serial {
			t.Errorf("%s prints more than the serial number", verb)
		}
	}
	u, err := url.Parse(w.device.URI())
	if err != nil {
		t.Fatal(err)
	}
	if u.Scheme != "otpauth" || u.Host != "totp" || u.Path != "/Amazon Web Services:alice@123456789012" ||
		u.Query().Get("issuer") != "Amazon Web Services" || u.Query().Get("secret") != w.device.Seed() || len(w.device.Seed()) != 64 ||
		strings.Contains(w.device.URI(), "+") {
		t.Error("the URI is not what AWS's QR code says")
	}
}
