package cmd_test

import (
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mfad/mfad/credproc/awstest"
	"github.com/mfad/mfad/token/tokentest"
)

// taken is what takes a notice off the terminal again.
const taken = "\r\x1b[K"

// onToken is a desk whose token has the key "base" and the device "phone";
// those that are named want a touch.
func onToken(t *testing.T, touched ...string) *desk {
	t.Helper()
	flags := func(name string) []string {
		if slices.Contains(touched, name) {
			return []string{"--touch"}
		}
		return nil
	}
	d := newDesk(t, 12345678).start()
	d.initVault()
	d.importKey("base", d.key)
	d.move("key", "base", flags("base")...)
	d.do(d.phone.URI()+"\n", append([]string{"device", "add", "phone", "--serial", d.phone.Serial, "--on-token"}, flags("phone")...)...)
	d.addProfiles()
	return d
}

// move moves the secret of a device or key onto tokens.
func (h *home) move(kind, name string, flags ...string) {
	h.Helper()
	r := h.tryMove(kind, name, flags...)
	if r.code != 0 {
		h.Fatalf("moving %s %s: %v", kind, name, r)
	}
}

func (h *home) tryMove(kind, name string, flags ...string) result {
	h.Helper()
	return h.mfad(passphrase+"\n", append([]string{kind, "move", name, "--on-token", "--passphrase-stdin"}, flags...)...)
}

// addPlain adds the profile "plain", a role that takes the key alone.
func (h *home) addPlain() {
	h.Helper()
	h.addRole("plain", awstest.Trust{Principals: []string{h.alice.ARN}}, "--source", "base")
}

// A build farm on a key that wants a touch, in the morning.
func TestCrowdOverATokensKeyCostsOneTouchAndOneCode(t *testing.T) {
	t.Parallel()
	d := onToken(t, "base")
	var profiles []string
	for i := range 10 {
		name := fmt.Sprintf("role%02d", i)
		d.addRole(name, awstest.Trust{Principals: []string{d.alice.ARN}, MFA: true}, "--source", "base", "--mfa-serial", d.phone.Serial)
		profiles = append(profiles, name)
	}
	touches := d.keys[0].Touches()
	d.crowd(200, func(i int) string { return profiles[i%len(profiles)] })
	d.expectCalls(1, len(profiles))
	if got := d.keys[0].Touches() - touches; got != 1 {
		t.Errorf("%d touches for 200 processes, want 1", got)
	}
}

// The key of the day outlasts the sessions, so that a day takes one touch.
func TestDaysKeyIsTouchedForOnce(t *testing.T) {
	t.Parallel()
	d := onToken(t, "base")
	d.addPlain()
	touches := d.keys[0].Touches()
	for range 3 {
		d.do("", "credentials", "--profile", "plain")
		d.do("", "session", "forget", "--all")
	}
	if got := d.keys[0].Touches() - touches; got != 1 {
		t.Errorf("%d touches for three sessions of one day, want 1", got)
	}
	d.do("", "lock")
	d.unlock()
	d.do("", "credentials", "--profile", "plain")
	if got := d.keys[0].Touches() - touches; got != 2 {
		t.Errorf("%d touches, want a second one: a lock forgets the key of the day", got)
	}
}

// What to touch, and for whom, stands on the terminal of whoever asked while
// the token waits, and no longer.
func TestTouchIsAskedForOnTheCallersTerminal(t *testing.T) {
	t.Parallel()
	d := onToken(t, "base", "phone")
	d.keys[0].SetTouch(tokentest.TouchNever)

	caller := d.terminal("credentials", "--profile", "prod")
	d.blinks(caller, "touch YubiKey 5 NFC (serial 12345678) to sign with access key base today")
	caller.shows(taken)
	d.blinks(caller, "touch YubiKey 5 NFC (serial 12345678) to get a code for prod")
	caller.shows(taken)
	caller.ends(0)
	if left := caller.screen(); strings.Contains(left[caller.from:], "touch") {
		t.Errorf("the terminal still shows %q", left)
	}
}

// blinks waits for the words beside the light, which a person who looks for
// them has within three seconds, and touches the token.
func (d *desk) blinks(at *terminal, words string) {
	d.Helper()
	d.eventually(func() bool { return d.keys[0].Waits() > d.keys[0].Touches() })
	light := time.Now()
	at.shows(words)
	if late := time.Since(light); late > 3*time.Second {
		d.Errorf("the words come %v after the light", late)
	}
	if !d.keys[0].Touch() {
		d.Error("the token did not wait for a touch any more")
	}
}

// Who interrupts the call is asked for no touch any more, and the next call
// finds the token free.
func TestInterruptedCallTakesTheTouchBack(t *testing.T) {
	t.Parallel()
	d := onToken(t, "phone")
	// The interrupt key works, unless these tests run in the background of a
	// shell, which has its jobs ignore that.
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt)
	defer signal.Stop(interrupts)
	for range 3 {
		begun := stepNow()
		d.keys[0].SetTouch(tokentest.TouchNever)
		caller := d.terminal("code", "phone")
		caller.shows("touch YubiKey 5 NFC (serial 12345678) to get a code for device phone")
		caller.types("\x03")
		caller.shows(taken)
		caller.ends(130)
		d.keys[0].SetTouch(tokentest.TouchNow) // of who comes next, too
		r := d.terminal("code", "phone").ends(0)
		if !regexp.MustCompile(`^[0-9]{6}\n$`).MatchString(r.stdout) {
			t.Errorf("no code: %v", r)
		}
		if stepNow() == begun {
			return // the step that the interrupted call took was given back
		}
		// Another step has begun: by chance, or because it was waited for.
	}
	t.Error("each call waits for the step after that of an interrupted one")
}

func stepNow() int64 { return time.Now().Unix() / 30 }

// An unlock that was given up while the token blinks is not in the way of the
// next one, which waits and says for what.
func TestUnlockWaitsForOneThatWasGivenUp(t *testing.T) {
	t.Parallel()
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt)
	defer signal.Stop(interrupts)
	d := newDesk(t, 12345678).start()
	d.initVault()
	d.addSlot("piv", "--pin", "never", "--touch", "always")
	for _, args := range [][]string{{"unlock", "--slot", "piv"}, {"unlock"}} {
		d.do("", "lock")
		d.keys[0].SetTouch(tokentest.TouchNever)
		first := d.terminal("unlock", "--slot", "piv")
		first.shows("touch YubiKey 5 NFC (serial 12345678) to unlock the vault")
		first.types("\x03")
		first.ends(130)
		next := d.terminal(args...)
		next.shows("another request has the token: touch it if it blinks")
		d.keys[0].SetTouch(tokentest.TouchNow)
		next.ends(0)
	}
}
