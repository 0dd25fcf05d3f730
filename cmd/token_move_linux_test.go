package cmd_test

import (
	"bytes"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/mfad/mfad/token/tokentest"
	"github.com/mfad/mfad/token/totp"
)

// PUT and CALCULATE of the OATH applet.
const insPut, insCalculate = 0x01, 0xa2

// A moved is a secret that moves onto a token.
type moved struct{ kind, name string }

var bothMoves = []moved{{"device", "phone"}, {"key", "base"}}

// inVault tells whether the vault holds the secret still.
func (m moved) inVault(d *desk) bool {
	d.Helper()
	pattern := map[string]string{"device": "totp-*", "key": "access-key-*"}[m.kind]
	return len(must(filepath.Glob(d.path(".local/share/mfad/vaults/default/items/"+pattern)))(d.TB)) > 0
}

// works uses the secret, wherever it is.
func (m moved) works(d *desk) {
	d.Helper()
	if m.kind == "device" {
		d.do("", "code", "phone")
		return
	}
	d.do("", "session", "forget", "--all")
	d.do("", "credentials", "--profile", "plain")
}

// arrived expects the secret on the token, once, and nowhere else.
func (m moved) arrived(d *desk) {
	d.Helper()
	if n := len(d.keys[0].Credentials()); n != 1 {
		d.Errorf("the token holds %d credentials", n)
	}
	if m.inVault(d) {
		d.Error("the vault holds the secret still")
	}
	m.works(d)
}

// newMove is a desk with both secrets in its vault.
func newMove(t *testing.T) *desk {
	t.Helper()
	d := newDesk(t, 12345678).start()
	d.furnish()
	d.addPlain()
	return d
}

func TestMoveUnderAnUnpluggedTokenLosesNothing(t *testing.T) {
	t.Parallel()
	pullMoves(t, insPut, 2, (*desk).emptyToken) // else what was written is found
}

// What a move that failed has left on the token is found by the next.
func TestMoveGoesOnFromWhatIsLeft(t *testing.T) {
	t.Parallel()
	pullMoves(t, insCalculate, 1, func(*desk) {})
}

// pullMoves moves both secrets, and pulls the token out at one command after the
// other from an instruction on; there are at least so many.
func pullMoves(t *testing.T, from byte, least int, before func(*desk)) {
	for _, m := range bothMoves {
		t.Run(m.kind, func(t *testing.T) {
			t.Parallel()
			d := newMove(t)
			n := d.try(trial{from: from, call: func(d *desk) result {
				before(d)
				if !m.inVault(d) {
					d.Fatal("the vault has let go of what the token has not proved to have")
				}
				return d.tryMove(m.kind, m.name)
			}})
			t.Logf("pulled at %d commands", n)
			if n < least {
				t.Error("those are not all")
			}
			m.arrived(d)
		})
	}
}

// Who gives up at the touch has the secret in the vault and nowhere else, as soon
// as the token does not wait any more; and a move that comes before waits for it.
func TestInterruptedMoveLeavesNothing(t *testing.T) {
	t.Parallel()
	// The interrupt key works, unless these tests run in the background of a
	// shell, which has its jobs ignore that.
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt)
	t.Cleanup(func() { signal.Stop(interrupts) })
	for _, m := range bothMoves {
		t.Run(m.kind, func(t *testing.T) {
			t.Parallel()
			d := newMove(t)
			give := func() {
				d.keys[0].SetTouch(tokentest.TouchNever)
				mover := d.terminal(m.kind, "move", m.name, "--on-token", "--touch")
				mover.shows("passphrase")
				mover.types(passphrase)
				mover.shows("touch YubiKey 5 NFC (serial 12345678)")
				mover.types("\x03")
				mover.ends(130)
			}
			give()
			off := func() bool {
				d.keys[0].Touch() // if it blinks still
				return len(d.keys[0].Credentials()) == 0
			}
			if !d.eventually(off) || !m.inVault(d) {
				t.Errorf("the token holds %v, and the vault the secret: %v", len(d.keys[0].Credentials()), m.inVault(d))
			}
			give()
			d.keys[0].SetTouch(tokentest.TouchNow)
			d.move(m.kind, m.name, "--touch")
			m.arrived(d)
		})
	}
}

// emptyToken takes off the token what a move has left there.
func (d *desk) emptyToken() {
	d.Helper()
	d.keys[0].Command([]byte("\x00\xa4\x04\x00\x07\xa0\x00\x00\x05\x27\x21\x01"))
	for _, c := range d.keys[0].Credentials() {
		name := append([]byte{0x71, byte(len(c.Name))}, c.Name...)
		d.keys[0].Command(append([]byte{0, 2, 0, 0, byte(len(name))}, name...))
	}
	if left := d.keys[0].Credentials(); len(left) > 0 {
		d.Fatalf("%d credentials are left", len(left))
	}
}

func TestMoveUnderAKilledAgentLosesNothing(t *testing.T) {
	t.Parallel()
	for _, m := range bothMoves {
		t.Run(m.kind, func(t *testing.T) {
			d := newMove(t)
			agent := must(os.FindProcess(d.agentPID()))(t)
			d.keys[0].SetTouch(tokentest.TouchNever)
			d.onWait(func() { _ = agent.Kill() })
			expect(t, d.tryMove(m.kind, m.name, "--touch"), 6, "agent")
			d.keys[0].SetTouch(tokentest.TouchNow)

			d.start()
			d.unlock()
			if !m.inVault(d) {
				t.Fatal("the vault has let go of what the token has not proved to have")
			}
			m.works(d)
			d.move(m.kind, m.name, "--touch")
			if c := d.keys[0].Credentials(); len(c) != 1 || !c[0].Touch {
				t.Errorf("the token holds %d credentials", len(c))
			}
			if m.inVault(d) {
				t.Error("the vault holds the secret still")
			}
		})
	}
}

// Nothing is begun that the audit log cannot tell of, and what the vault cannot
// write goes off the token again.
func TestMoveOnAFullDiskLosesNothing(t *testing.T) {
	t.Parallel()
	d := newMove(t)
	for _, m := range bothMoves {
		mend := d.fillDisk()
		expect(t, d.tryMove(m.kind, m.name).lastWords(), 1, "file too large", "room")
		mend()
		if held := d.keys[0].Credentials(); len(held) != 0 || !m.inVault(d) {
			t.Errorf("%s: the token holds %d credentials, and the vault the secret: %v", m.kind, len(held), m.inVault(d))
		}
	}
	d.move("device", "phone")
	d.move("key", "base")
	d.do("", "credentials", "--profile", "prod")
}

// fillDisk lets the agent write no byte into any file, until mend.
func (d *desk) fillDisk() (mend func()) {
	d.Helper()
	pid := d.agentPID()
	var old unix.Rlimit
	if err := unix.Prlimit(pid, unix.RLIMIT_FSIZE, &unix.Rlimit{Max: unix.RLIM_INFINITY}, &old); err != nil {
		d.Fatal(err)
	}
	return func() {
		if err := unix.Prlimit(pid, unix.RLIMIT_FSIZE, &old, nil); err != nil {
			d.Fatal(err)
		}
	}
}

// Two tokens are filled in one go, and each does alone.
func TestTwoTokensHaveTheSameSecrets(t *testing.T) {
	t.Parallel()
	d := newDesk(t, 11111111, 22222222).start()
	d.initVault()
	d.importKey("base", d.key)
	d.addPlain()
	seed := d.phone.Seed()
	d.do("otpauth://totp/fob?period=15&secret="+seed+"\n", "device", "add", "fob", "--on-token", "--token", "11111111", "--also", "22222222")
	d.move("key", "base", "--also", "22222222")
	first, second := d.keys[0].Credentials(), d.keys[1].Credentials()
	if len(first) != 2 || len(second) != 2 {
		t.Fatalf("the tokens hold %d and %d credentials", len(first), len(second))
	}
	keys := must(totp.Parse([]byte("otpauth://totp/fob?period=15&secret=" + seed)))(t)
	for away := range 2 {
		d.pull(away)
		code, at := strings.TrimSpace(d.do("", "code", "fob")), time.Now()
		// The step may have ended since.
		if code != must(keys[0].Code(at))(t) && code != must(keys[0].Code(at.Add(-15*time.Second)))(t) {
			t.Errorf("without token %d the code is another", away)
		}
		d.do("", "lock")
		d.unlock()
		d.do("", "session", "forget", "--all")
		d.do("", "credentials", "--profile", "plain")
		d.insert(away)
	}
	for i, c := range first {
		if c.Name != second[i].Name || !bytes.Equal(c.Key, second[i].Key) {
			t.Errorf("credential %d differs", i)
		}
	}
}
