package cmd_test

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/mfad/mfad/agent/wire"
)

// holdExclusively takes a reader for itself until its input ends, as programs on
// piv-go do. It comes with what ykman is made of.
const holdExclusively = `
import sys
from smartcard.scard import *
check = lambda r: r[1:] if r[0] == SCARD_S_SUCCESS else sys.exit(SCardGetErrorMessage(r[0]))
context, = check(SCardEstablishContext(SCARD_SCOPE_USER))
check(SCardConnect(context, sys.argv[1], SCARD_SHARE_EXCLUSIVE, SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1))
print("held", flush=True)
sys.stdin.read()
`

// hold has another program hold a reader until release.
func (d *desk) hold(i int) (release func()) {
	d.Helper()
	cmd := exec.Command("/usr/bin/python3", "-c", holdExclusively, d.readers.Reader(i))
	cmd.Env, cmd.Stderr = d.env, os.Stderr
	in, out := must(cmd.StdinPipe())(d.TB), must(cmd.StdoutPipe())(d.TB)
	if err := cmd.Start(); err != nil {
		d.Fatal(err)
	}
	if word, err := bufio.NewReader(out).ReadString('\n'); word != "held\n" {
		_ = cmd.Wait()
		d.Fatalf("the reader is not held: %v (run `sh .ci/deps test`: pyscard comes with ykman)", err)
	}
	return func() {
		_ = in.Close()
		_, _ = io.Copy(io.Discard, out)
		if err := cmd.Wait(); err != nil {
			d.Error(err)
		}
	}
}

// ykman is what must work whenever mfad does nothing.
func (d *desk) ykman(args ...string) string {
	d.Helper()
	r := run(d.TB, d.env, "", "ykman", args...)
	if r.code != 0 {
		d.Errorf("ykman %q: %v", args, r)
	}
	return r.stdout
}

func TestReaderThatAnotherProgramHolds(t *testing.T) {
	t.Parallel()
	d := newDesk(t, 12345678).start()
	d.initVault()
	d.addSlot("piv", "--pin", "never", "--touch", "never")
	d.do(d.phone.URI()+"\n", "device", "add", "phone", "--serial", d.phone.Serial, "--on-token")
	calls := map[string]func() result{
		"code":   func() result { return d.away(nil, "code", "phone") },
		"unlock": func() result { return d.away(nil, "unlock", "--slot", "piv") },
		"move":   func() result { return d.tryMove("key", "base") },
	}
	d.importKey("base", d.key)
	release := d.hold(0)
	for name, call := range calls {
		if name == "unlock" {
			d.do("", "lock")
		}
		expect(t, call().lastWords(), 7, "in use by another program", "python3")
		if name == "unlock" {
			d.unlock()
		}
	}
	release()
	for name, call := range calls {
		if r := call(); r.code != 0 {
			t.Errorf("%s after the release: %v", name, r)
		}
	}
	if tries := d.keys[0].PINRetries(); tries != 3 {
		t.Errorf("%d tries left", tries)
	}
}

// mfad holds the reader while it works and no longer: not after a call, and not
// while a person thinks.
func TestReaderIsFreeWheneverMfadDoesNotWork(t *testing.T) {
	t.Parallel()
	d := newDesk(t, 12345678).start()
	d.furnish()
	d.addSlot("piv", "--pin", "once", "--touch", "never")
	free := func() {
		t.Helper()
		if out := d.ykman("piv", "info"); !strings.Contains(out, "PIN tries remaining") {
			t.Errorf("ykman says %q", out)
		}
	}
	free()
	d.move("device", "phone")
	free()
	d.do("", "code", "phone")
	free()
	d.do("", "lock")
	person := d.terminal("unlock", "--slot", "piv")
	person.shows("PIV PIN: ")
	free()
	person.types("123456")
	person.ends(0)
	free()
	if out := d.ykman("oath", "accounts", "list"); !strings.Contains(out, "phone") && !strings.Contains(out, "alice") {
		t.Errorf("ykman does not list the credential: %q", out)
	}
}

func (h *home) tokens() wire.TokenListResult {
	h.Helper()
	var found wire.TokenListResult
	if err := json.Unmarshal([]byte(h.do("", "token", "list", "--json")), &found); err != nil {
		h.Fatal(err)
	}
	return found
}

// What is plugged in can always be looked at, and looking costs nothing.
func TestTokensAreListedWhateverState(t *testing.T) {
	t.Parallel()
	d := newDesk(t, 11111111, 22222222).start()
	list := func() wire.TokenListResult {
		t.Helper()
		found := d.tokens()
		if len(found.Tokens) != 2 {
			t.Fatalf("%d tokens: %+v", len(found.Tokens), found)
		}
		return found
	}
	whole := func(found wire.TokenListResult) {
		t.Helper()
		for _, k := range found.Tokens {
			if k.Serial == "" || k.PIV == nil || k.PIV.Retries != 3 || k.OATH == nil || k.Fault != "" {
				t.Errorf("not wholly told: %+v", k)
			}
		}
	}
	whole(list()) // no vault yet

	d.initVault()
	d.addSlot("piv", "--pin", "once", "--touch", "always", "--token", "11111111")
	d.do("", "lock")
	var waits []int // for the proof that the slot opens
	for _, key := range d.keys {
		waits = append(waits, key.Waits())
	}
	found := list()
	whole(found)
	if !strings.Contains(strings.Join(found.Tokens[0].Keeps, "\n"), "opens the vault") {
		t.Errorf("of the slot nothing is told: %+v", found.Tokens[0])
	}
	if !d.vault().Locked {
		t.Error("listing unlocks the vault")
	}

	release := d.hold(1)
	found = list()
	release()
	if k := found.Tokens[0]; k.Serial != "11111111" || k.PIV == nil || k.Fault != "" {
		t.Errorf("the token that is free: %+v", k)
	}
	if k := found.Tokens[1]; !strings.Contains(k.Fault, "in use by another program") || !strings.Contains(k.Fault, "python3") || k.Place != d.readers.Reader(1) {
		t.Errorf("the token that is held: %+v", k)
	}
	whole(list())
	for i, key := range d.keys {
		if key.PINRetries() != 3 || key.Waits() != waits[i] {
			t.Errorf("token %d: %d tries left, %d touches wanted", i, key.PINRetries(), key.Waits()-waits[i])
		}
	}
}

// The token that has the seed still is in use; the other one has lost it. That
// is no reason to tell the person to enrol anew.
func TestTokenInUseIsNotSaidToHaveLostASeed(t *testing.T) {
	t.Parallel()
	d := newDesk(t, 11111111, 22222222).start()
	d.initVault()
	d.do(d.phone.URI()+"\n", "device", "add", "phone", "--on-token", "--token", "11111111", "--also", "22222222")
	d.emptyToken()
	release := d.hold(1)
	expect(t, d.away(nil, "code", "phone"), 7, "in use by another program")
	release()
	d.do("", "code", "phone")
}
