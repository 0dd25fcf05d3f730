package cmd_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mfad/mfad/token/tokentest/ctap"
)

// A pinned is a token with a PIN that opens the vault.
type pinned struct {
	*home
	kind, what, pin string
	flags           []string // of the slot that it gets
	token           string   // as a person is told
	guard           int      // at so few tries, none is made unasked
	retries         func() int
	setRetries      func(int)
	unblock         string // how, as the hint says
}

// pinnedTokens are a token of each kind, in homes of their own.
var pinnedTokens = map[string]func(t *testing.T) *pinned{
	"piv": func(t *testing.T) *pinned {
		d := newDesk(t, 12345678).start()
		return &pinned{
			home: d.home, kind: "piv", what: "PIV PIN", pin: "123456", flags: []string{"--pin", "once", "--touch", "never"},
			token: "YubiKey 5 NFC (serial 12345678)", guard: 1,
			retries: d.keys[0].PINRetries, setRetries: d.keys[0].SetPINRetries, unblock: "ykman piv access unblock-pin",
		}
	},
	"fido2": func(t *testing.T) *pinned {
		h := newHome(t)
		key := h.plugFIDO2(ctap.Options{PIN: "sesame 42"})
		h.env = append(h.env, "MFAD_FIDO2_DEVICES="+key.Path())
		h.do("", "agent", "start")
		return &pinned{
			home: h, kind: "fido2", what: "FIDO2 PIN", pin: "sesame 42", flags: []string{"--pin"},
			token: "FIDO2", guard: 2,
			retries: key.PINRetries, setRetries: key.SetPINRetries, unblock: "ykman fido reset",
		}
	},
}

// slot lets the token open the vault. The PINs that making a slot may take, and
// that the proof of it takes, are typed on a terminal.
func (p *pinned) slot() {
	p.Helper()
	args := append([]string{"vault", "slot", "add", p.kind}, p.flags...)
	person := p.terminal(args...)
	person.shows("passphrase")
	person.types(passphrase)
	if p.kind == "fido2" {
		person.shows(p.what + ": ")
		person.types(p.pin)
	}
	person.shows(p.what + ": ")
	person.types(p.pin)
	person.ends(0)
}

// asks waits for the question for the PIN and all that it must tell.
func (p *pinned) asks(at *terminal, left string) {
	p.Helper()
	at.shows("token:", p.token, "tries:", left+" left", "asked by:", "mfad", p.what+": ")
}

func TestPINIsAskedForOnTheTerminal(t *testing.T) {
	t.Parallel()
	for kind, plug := range pinnedTokens {
		t.Run(kind, func(t *testing.T) {
			p := plug(t)
			p.furnish()
			p.slot()
			p.isToldWhatFor()
			p.mayBeWrong()
			p.isGuarded()
			p.mayBeBlocked()
		})
	}
}

// isToldWhatFor: a profile's call unlocks the vault.
func (p *pinned) isToldWhatFor() {
	p.Helper()
	p.do("", "agent", "restart")
	caller := p.terminal("credentials", "--profile", "prod")
	caller.shows("token:", p.token, "tries:", " left", "profile:", "prod", "asked by:", "mfad credentials --profile prod", p.what+": ")
	caller.types(p.pin)
	if r := caller.ends(0); !strings.Contains(r.stdout, "SessionToken") {
		p.Errorf("no credentials: %v", r)
	}
	if strings.Contains(caller.screen(), p.what+": "+p.pin) {
		p.Error("the terminal shows the PIN")
	}
}

// mayBeWrong: one try for each PIN that was typed, and one fewer each time.
func (p *pinned) mayBeWrong() {
	p.Helper()
	p.do("", "lock")
	p.setRetries(p.guard + 2)
	person := p.terminal("unlock", "--slot", p.kind)
	p.asks(person, number(p.guard+2))
	person.types("000000")
	person.shows("wrong PIN")
	p.asks(person, number(p.guard+1))
	if left := p.retries(); left != p.guard+1 {
		p.Errorf("%d tries left after one wrong PIN of %d", left, p.guard+2)
	}
	person.types(p.pin)
	person.ends(0)
	if p.vault().Locked {
		p.Error("the vault is locked still")
	}
}

// isGuarded: none is made that could block the token, unless the person says so.
func (p *pinned) isGuarded() {
	p.Helper()
	p.do("", "lock")
	p.setRetries(p.guard + 1)
	person := p.terminal("unlock", "--slot", p.kind)
	p.asks(person, number(p.guard+1))
	person.types("000000")
	expect(p.TB, person.ends(3).lastWords(), 3, "wrong PIN", number(p.guard)+" ")

	person = p.terminal("unlock", "--slot", p.kind)
	person.shows("Only "+number(p.guard), p.what, p.token, "Try all the same? [y/N] ")
	person.types("n")
	expect(p.TB, person.ends(3).lastWords(), 3, "PIN", "mfad: hint: ")
	if left := p.retries(); left != p.guard {
		p.Errorf("%d tries left, want the %d that there were when the person said no", left, p.guard)
	}

	person = p.terminal("unlock", "--slot", p.kind)
	person.shows("Try all the same? [y/N] ")
	person.types("yes")
	person.shows(p.what + ": ")
	person.types(p.pin)
	person.ends(0)
}

// mayBeBlocked is told at once.
func (p *pinned) mayBeBlocked() {
	p.Helper()
	p.do("", "lock")
	p.setRetries(0)
	r := p.terminal("unlock", "--slot", p.kind).ends(3)
	expect(p.TB, r.lastWords(), 3, "PIN is blocked", p.unblock)
	if strings.Contains(r.stderr, p.what+": ") {
		p.Errorf("it asks for a PIN that is blocked: %v", r)
	}
}

// lastWords are what a program said last on its terminal: error and hint.
func (r result) lastWords() result {
	if at := strings.LastIndex(r.stderr, "mfad: error: "); at >= 0 {
		r.stderr = r.stderr[at:]
	}
	return r
}

func number(n int) string { return string(rune('0' + n)) }

// doublePinentry is a program that notes the desk that it was started for, and
// what it was told, in files of the display's name, and types the PIN.
const doublePinentry = `#!/bin/sh
echo "OK Pleased to meet you"
while read -r line; do
	printf '%s\n' "$line" >> "$HOME/pinentry$DISPLAY"
	case $line in
	GETPIN) printf 'D 123456\nOK\n' ;;
	BYE) echo OK; exit ;;
	*) echo OK ;;
	esac
done
`

// away runs mfad as a program in the background does: it has no terminal, not
// even that of the tests.
func (h *home) away(env []string, args ...string) result {
	h.Helper()
	return run(h.TB, append(h.env[:len(h.env):len(h.env)], env...), "", "setsid", append([]string{"--wait", program(h.TB, "mfad")}, args...)...)
}

func TestPINIsAskedForOnTheDeskOfTheRequest(t *testing.T) {
	t.Parallel()
	d := newDesk(t, 12345678)
	double := d.write("pinentry", doublePinentry)
	if err := os.Chmod(double, 0o700); err != nil {
		t.Fatal(err)
	}
	d.env = append(d.env, "MFAD_PINENTRY="+double)
	d.start().furnish()
	d.addSlot("piv", "--pin", "once", "--touch", "never")
	d.do("", "agent", "restart")
	for _, display := range []string{":98", ":99"} {
		r := d.away([]string{"DISPLAY=" + display}, "unlock", "--slot", "piv")
		if r.code != 0 {
			t.Fatal(r)
		}
		told := string(must(os.ReadFile(d.path("pinentry" + display)))(t))
		for _, want := range []string{"YubiKey 5 NFC (serial 12345678)", "3 left", "mfad unlock --slot piv", "SETPROMPT PIV"} {
			if !strings.Contains(told, want) {
				t.Errorf("the pinentry on %s was not told %q:\n%s", display, want, told)
			}
		}
		d.do("", "lock")
	}
	if asked := must(filepath.Glob(d.path("pinentry:*")))(t); len(asked) != 2 {
		t.Errorf("asked on %q, want both desks and no other", asked)
	}
}

func TestWithNobodyToAskItFailsAtOnce(t *testing.T) {
	t.Parallel()
	d := newDesk(t, 12345678)
	d.env = append(d.env, "MFAD_PINENTRY="+d.path("nothing"))
	d.start().furnish()
	d.addSlot("piv", "--pin", "once", "--touch", "never")
	for _, at := range []struct {
		env   []string
		words []string
	}{
		{nil, []string{"no terminal", "DISPLAY"}},
		{[]string{"DISPLAY=:99"}, []string{"no terminal", "MFAD_PINENTRY", d.path("nothing")}},
	} {
		d.do("", "agent", "restart")
		for _, call := range [][]string{{"unlock", "--slot", "piv"}, {"credentials", "--profile", "prod"}} {
			expect(t, d.away(at.env, call...), 3, at.words...)
		}
	}
	if tries := d.keys[0].PINRetries(); tries != 3 {
		t.Errorf("%d tries left", tries)
	}
}
