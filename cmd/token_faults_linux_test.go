package cmd_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/mfad/mfad/token/tokentest"
)

// Whatever happens to a token, the call ends with a word of what it was, and
// the next one works without a restart.
func TestTokenFaultsNeedNoRestart(t *testing.T) {
	t.Parallel()
	d := newDesk(t, 12345678).start()
	d.initVault()
	d.addSlot("piv", "--pin", "never", "--touch", "always")
	unlock := func() result { return d.mfad("", "unlock", "--slot", "piv") }
	faults := []struct {
		name   string
		happen func()
		mend   func()
		words  []string
	}{
		{"pulled out while it waits for a touch", func() {
			d.keys[0].SetTouch(tokentest.TouchNever)
			d.onWait(func() { d.pull(0) })
		}, func() { d.insert(0) }, []string{"12345678"}},
		{"the service is killed", d.readers.Kill, func() {
			if err := d.readers.Restart(); err != nil {
				t.Fatal(err)
			}
		}, []string{"pcscd"}},
		{"the helper is killed", func() {
			d.keys[0].SetTouch(tokentest.TouchNever)
			d.onWait(d.killHelper)
		}, func() {}, []string{"mfad-token"}},
		{"not there", func() { d.pull(0) }, func() { d.insert(0) }, []string{"12345678"}},
		{"pulled out in the middle", func() {
			d.keys[0].Fault(func(n int, _ []byte) ([]byte, tokentest.Action) {
				if n == 8 {
					return nil, tokentest.PullOutUnanswered
				}
				return nil, tokentest.Proceed
			})
		}, func() { d.keys[0].Fault(nil); d.insert(0) }, nil},
	}
	agent := d.agentPID()
	for _, fault := range faults {
		t.Run(fault.name, func(t *testing.T) {
			d.do("", "lock")
			fault.happen()
			r := unlock()
			if r.code == 0 || !strings.HasPrefix(r.stderr, "mfad: error: ") {
				t.Errorf("no error: %v", r)
			}
			for _, word := range fault.words {
				if !strings.Contains(r.stderr, word) {
					t.Errorf("no word of %q: %v", word, r)
				}
			}
			d.keys[0].SetTouch(tokentest.TouchNow)
			fault.mend()
			if r := unlock(); r.code != 0 {
				t.Errorf("afterwards: %v", r)
			}
		})
	}
	if now := d.agentPID(); now != agent {
		t.Errorf("the agent is another process: %d, not %d", now, agent)
	}
	d.leavesNoProcess(agent)
	if tries := d.keys[0].PINRetries(); tries != 3 {
		t.Errorf("%d tries left for the PIN, which nobody typed", tries)
	}
}

// onWait runs f once the token waits for its next touch.
func (d *desk) onWait(f func()) {
	waits := d.keys[0].Waits()
	var done sync.WaitGroup
	done.Go(func() {
		if d.eventually(func() bool { return d.keys[0].Waits() > waits }) {
			f()
		}
	})
	d.Cleanup(done.Wait)
}

// eventually looks again and again until it is so, at most half a minute.
func (h *home) eventually(so func() bool) bool {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for range 1500 {
		if so() {
			return true
		}
		<-tick.C
	}
	h.Error("what was waited for did not come")
	return false
}

func (d *desk) killHelper() {
	for pid, name := range children(d.TB, d.agentPID()) {
		if name == "mfad-token" {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

// leavesNoProcess wants an agent without children once its vault is locked.
func (d *desk) leavesNoProcess(agent int) {
	d.Helper()
	d.do("", "lock")
	if !d.eventually(func() bool { return len(children(d.TB, agent)) == 0 }) {
		d.Errorf("processes left behind: %v", children(d.TB, agent))
	}
}

// children are the processes that a process started and that are there, by
// their names; a zombie counts.
func children(tb testing.TB, parent int) map[int]string {
	tb.Helper()
	found := map[int]string{}
	for _, path := range must(filepath.Glob("/proc/[0-9]*/stat"))(tb) {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it ended meanwhile
		}
		before, after, _ := strings.Cut(string(text), ") ")
		pid, name, _ := strings.Cut(before, " (")
		if fields := strings.Fields(after); len(fields) > 1 && fields[1] == strconv.Itoa(parent) {
			found[must(strconv.Atoi(pid))(tb)] = name
		}
	}
	return found
}

// A thousand tokens come and go, and the agent looks at each.
func TestThousandInsertionsLeaveNothingBehind(t *testing.T) {
	t.Parallel()
	const rounds, crowd = 63, tokentest.MaxReaders // 1,008
	var serials []uint32
	for i := range crowd {
		serials = append(serials, uint32(10000001+i))
	}
	d := newDesk(t, serials...).start()
	d.initVault()
	agent := d.agentPID()
	all := func(move func(i int)) {
		var wg sync.WaitGroup
		for i := range crowd {
			wg.Go(func() { move(i) })
		}
		wg.Wait()
	}
	before := ""
	for round := range rounds {
		if out := d.do("", "token", "list", "--json"); strings.Count(out, `"serial"`) != crowd {
			t.Fatalf("round %d: not all %d tokens:\n%s", round, crowd, out)
		}
		all(d.pull)
		if round == 0 {
			before = belongings(t, agent)
		}
		all(d.insert)
	}
	all(d.pull)
	if after := belongings(t, agent); after != before {
		t.Errorf("the agent has %s, and had %s after the first round", after, before)
	}
	stacks := d.stacks(agent)
	for _, trace := range stacks {
		for _, room := range []string{"mfad/token.", "mfad/agent.", "os/exec."} {
			if strings.Contains(trace, room) {
				t.Errorf("a goroutine was left behind:\n%s", trace)
			}
		}
	}
	if len(stacks) == 0 || !strings.Contains(strings.Join(stacks, ""), "mfad/agent/server.") {
		t.Errorf("%d goroutines, of which none listens: was the agent asked at all?", len(stacks))
	}
}

// stacks ends an agent in the way that has Go tell what each goroutine does.
func (h *home) stacks(agent int) []string {
	h.Helper()
	if err := syscall.Kill(agent, syscall.SIGQUIT); err != nil {
		h.Fatal(err)
	}
	h.eventually(func() bool { return errors.Is(syscall.Kill(agent, 0), syscall.ESRCH) || zombie(agent) })
	log := string(must(os.ReadFile(h.path(".local/state/mfad/agent.log")))(h.TB))
	_, dump, _ := strings.Cut(log, "SIGQUIT: quit")
	traces := strings.Split(dump, "\ngoroutine ")
	return traces[1:]
}

// zombie says that a process has ended and that nobody has taken note of it.
func zombie(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, after, _ := strings.Cut(string(text), ") ")
	return err == nil && strings.HasPrefix(after, "Z")
}

// belongings counts what a process holds.
func belongings(tb testing.TB, pid int) string {
	tb.Helper()
	descriptors := must(os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid)))(tb)
	return fmt.Sprintf("%d descriptors and %d children", len(descriptors), len(children(tb, pid)))
}

func TestWithoutHardwareMfadSaysWhatToInstall(t *testing.T) {
	t.Parallel()
	install := func(t *testing.T, helper string) *home {
		h := newHome(t)
		bin := h.path("bin")
		if err := os.Mkdir(bin, 0o700); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"mfad", "mfad-cli", "mfad-agent"} {
			if err := os.Link(program(t, name), filepath.Join(bin, name)); err != nil {
				t.Fatal(err)
			}
		}
		if helper != "" {
			h.write("bin/mfad-token", helper)
			if err := os.Chmod(filepath.Join(bin, "mfad-token"), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		return h
	}
	missing := func(lib string) string {
		return "#!/bin/sh\necho 'mfad-token: error while loading shared libraries: " + lib + ": cannot open shared object file: No such file or directory' >&2\nexit 127\n"
	}
	for name, test := range map[string]struct{ helper, words string }{
		"no helper":      {"", "mfad-token"},
		"no libpcsclite": {missing("libpcsclite.so.1"), "libpcsclite1"},
		"no libfido2":    {missing("libfido2.so.1"), "libfido2-1"},
	} {
		t.Run(name, func(t *testing.T) {
			h := install(t, test.helper)
			r := run(t, h.env, "", h.path("bin/mfad"), "token", "list")
			if r.code == 0 || !strings.Contains(r.stderr, test.words) {
				t.Errorf("no word of %q: %v", test.words, r)
			}
			if r := run(t, h.env, passphrase+"\n", h.path("bin/mfad"), "init", "--keychain", "no", "--passphrase-stdin", "--recovery-file", h.path("recovery.txt")); r.code != 0 {
				t.Errorf("the vault needs no token: %v", r)
			}
		})
	}
	t.Run("no service", func(t *testing.T) {
		h := newHome(t)
		h.env = append(h.env, "PCSCLITE_CSOCK_NAME="+h.path("nowhere"))
		h.do("", "agent", "start")
		r := h.mfad("", "token", "list")
		if r.code == 0 || !strings.Contains(r.stderr, "pcscd") {
			t.Errorf("no word of pcscd: %v", r)
		}
	})
}
