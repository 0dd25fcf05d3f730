package cmd_test

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/errcode"
)

// windowPinentry is a pinentry that notes each window, and does with it what the
// file "window" in its home says.
const windowPinentry = `#!/bin/sh
echo "OK Pleased to meet you"
while read -r line; do
	case $line in
	GETPIN) echo "$DISPLAY" >> "$HOME/windows"; . "$HOME/window" ;;
	BYE) echo OK; exit ;;
	*) echo OK ;;
	esac
done
`

// What a window may do.
const (
	dismisses = `echo "ERR 83886179 Operation cancelled <Pinentry>"`
	isSilent  = `sleep 600`
)

// withWindows is a locked vault whose agent asks by that pinentry.
func withWindows(t *testing.T, window string) *home {
	t.Helper()
	h := newHome(t)
	double := h.write("pinentry", windowPinentry)
	if err := os.Chmod(double, 0o700); err != nil {
		t.Fatal(err)
	}
	h.write("window", window+"\n")
	h.env = append(h.env, "MFAD_PINENTRY="+double)
	h.do("", "agent", "start")
	h.initVault()
	h.do("", "agent", "restart")
	return h
}

// windows counts those that have been there.
func (h *home) windows() int {
	text, err := os.ReadFile(h.path("windows"))
	if err != nil {
		return 0
	}
	return strings.Count(string(text), "\n")
}

// rawCaller is a client that says of itself what it likes.
type rawCaller struct {
	*home
	net.Conn
	answers *json.Decoder
}

func (h *home) rawCaller() *rawCaller {
	h.Helper()
	conn, err := net.Dial("unix", h.path(".local/state/mfad/run/agent.sock"))
	if err != nil {
		h.Fatal(err)
	}
	h.Cleanup(func() { _ = conn.Close() })
	return &rawCaller{h, conn, json.NewDecoder(conn)}
}

// sends makes a call and waits for nothing.
func (c *rawCaller) sends(id int, method string, params any) {
	c.Helper()
	raw, err := json.Marshal(params)
	if err != nil {
		c.Fatal(err)
	}
	err = json.NewEncoder(c.Conn).Encode(map[string]any{"jsonrpc": "2.0", "id": id, "method": method, "params": wire.Call{
		V: wire.Protocol, Desktop: &wire.Desktop{Display: ":99"}, Params: raw,
	}})
	if err != nil {
		c.Fatal(err)
	}
}

// refused reads n answers, and counts those that are a refusal of that code.
func (c *rawCaller) refused(n int, code errcode.Code) (found int) {
	c.Helper()
	for n > 0 {
		var answer struct {
			ID    *int
			Error *struct{ Code int64 }
		}
		if err := c.answers.Decode(&answer); err != nil {
			c.Fatal(err)
		}
		if answer.ID == nil {
			continue // a notice
		}
		n--
		if answer.Error != nil && answer.Error.Code == int64(code) {
			found++
		}
	}
	return found
}

// Whatever shape the loop has, it gives two windows, and its calls are refused with
// what to do.
func TestAttackUnlocksInALoopGiveTwoWindows(t *testing.T) {
	t.Parallel()
	const mfad = `"$0" unlock 2>>"$HOME/said"`
	for name, loop := range map[string]string{
		"processes":         mfad,
		"sessions":          `setsid --wait ` + mfad,
		"orphans":           `(setsid sh -c '` + mfad + `; echo >>"$HOME/ended"' "$0" &); while [ ! -e "$HOME/ended" ]; do :; done; rm "$HOME/ended"`,
		"different methods": mfad + `; "$0" vault verify 2>>"$HOME/said"`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := withWindows(t, dismisses)
			script := `i=0; while [ $i -lt 34 ]; do ` + loop + `; i=$((i+1)); done`
			run(t, append(h.env[:len(h.env):len(h.env)], "DISPLAY=:99"), "", "setsid", "--wait", "sh", "-c", script, program(t, "mfad"))
			said, _ := os.ReadFile(h.path("said"))
			if n := h.windows(); n > 2 || n == 0 {
				t.Errorf("%d windows:\n%s", n, said)
			}
			if !strings.Contains(string(said), "none is shown for") || !strings.Contains(string(said), `run "mfad unlock"`) {
				t.Errorf("the callers were told:\n%s", said)
			}
		})
	}
	t.Run("one connection", func(t *testing.T) {
		t.Parallel()
		h := withWindows(t, dismisses)
		c := h.rawCaller()
		for i := range 34 {
			c.sends(i, []string{wire.MethodVaultUnlock, wire.MethodVaultVerify, wire.MethodVaultHold}[i%3], map[string]any{})
			c.refused(1, errcode.NoPrompt)
		}
		if n := h.windows(); n > 2 {
			t.Errorf("%d windows", n)
		}
	})
	t.Run("who hangs up", func(t *testing.T) {
		t.Parallel()
		h := withWindows(t, isSilent)
		for i := range 34 {
			before := h.windows()
			c := h.rawCaller()
			c.sends(i, wire.MethodVaultUnlock, map[string]any{})
			answered := make(chan struct{})
			go func() {
				defer close(answered)
				var answer json.RawMessage
				_ = c.answers.Decode(&answer) // or the connection closes
			}()
			for open := true; open && h.windows() == before; {
				select {
				case <-answered:
					open = false
				default:
				}
			}
			_ = c.Conn.Close()
			<-answered
		}
		if n := h.windows(); n > 2 {
			t.Errorf("%d windows", n)
		}
		unlocks := h.terminal("unlock") // another peer
		unlocks.shows(`mfad: passphrase of vault "default": `)
		unlocks.types(passphrase)
		unlocks.ends(0)
	})
}

func TestAttackSilentPromptDoesNotSilenceAnotherTerminal(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.initVault()
	h.do("", "agent", "restart")
	silent := h.terminal("unlock")
	silent.shows(`mfad: passphrase of vault "default": `)
	honest := h.terminal("unlock")
	honest.shows("asked at pts/", `mfad: passphrase of vault "default": `)
	honest.types(passphrase)
	honest.ends(0)
	silent.ends(0)
}

func TestAttackDismissalsEndNoCallOfOthers(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.initVault()
	h.do("", "agent", "restart")
	first := h.terminal("unlock")
	first.shows(`mfad: passphrase of vault "default": `)
	second := h.terminal("unlock")
	second.shows("asked at pts/")
	honest := h.terminal("unlock")
	honest.shows("asked at pts/")
	for _, no := range []*terminal{first, second} {
		no.types("")
		no.ends(3)
		if no == first {
			second.shows(`mfad: passphrase of vault "default": `)
		}
	}
	honest.shows(`mfad: passphrase of vault "default": `)
	honest.types(passphrase)
	honest.ends(0)
}

// Whoever answers wrongly spoils it for nobody else.
func TestAttackWrongAnswersEndNoCallOfOthers(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.initVault()
	h.do("", "agent", "restart")
	wrong := h.terminal("unlock")
	wrong.shows(`mfad: passphrase of vault "default": `)
	honest := h.terminal("unlock")
	honest.shows("asked at pts/")
	for try := range 3 {
		if try > 0 {
			wrong.shows(`mfad: passphrase of vault "default": `)
		}
		wrong.types("not that")
	}
	wrong.ends(3)
	honest.shows(`mfad: passphrase of vault "default": `)
	honest.types(passphrase)
	honest.ends(0)
}

// A login in the middle of a flood of codes, from one connection, from many, and
// from many processes, waits for the next step or two.
func TestAttackPipelinedCodesDoNotStopALogin(t *testing.T) {
	t.Parallel()
	h := newHome(t).furnish()
	h.do("", "code", "phone")
	phone := wire.NameParams{Name: "phone"}
	one := h.rawCaller()
	for i := range 60 {
		one.sends(i, wire.MethodCode, phone)
	}
	if busy := one.refused(57, errcode.Busy); busy < 57 {
		t.Errorf("%d of 57 calls were refused as busy at once", busy)
	}
	for range 20 {
		h.rawCaller().sends(1, wire.MethodCode, phone)
	}
	var crowd sync.WaitGroup
	for i := range 10 {
		cmd := exec.Command("setsid", "--wait", program(t, "mfad"), "code", "phone")
		cmd.Env = append(h.env[:len(h.env):len(h.env)], fmt.Sprint("N=", i))
		crowd.Go(func() { _ = cmd.Run() })
	}
	start := time.Now()
	r := h.mfad("", "credentials", "--profile", "session")
	if r.code != 0 {
		t.Error(r)
	}
	t.Logf("the login took %s", time.Since(start).Round(time.Second)) // AWS sees no code twice, so it waits for the next
	h.do("", "lock")                                                  // which ends the calls that wait
	crowd.Wait()
}
