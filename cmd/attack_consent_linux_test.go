package cmd_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/errcode"
)

// attacker is a process of the same user that speaks to the agent's socket by
// itself: it says yes to whatever it is asked, types any key, and names a desktop
// of its own.
type attacker struct {
	socket string
	tty    bool
}

// call makes one call on a connection of its own and returns the refusal; 0 is none.
func (a attacker) call(method, params string) (code errcode.Code, err error) {
	conn, err := net.Dial("unix", a.socket)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	const desk = `{"display":":99","bus":"unix:path=/tmp/mine","xauthority":"/tmp/mine"}`
	_, err = fmt.Fprintf(conn, `{"jsonrpc":"2.0","id":1,"method":%q,"params":{"v":%d,"client":"x","tty":%v,"desk":%s,"params":%s}}`+"\n",
		method, wire.Protocol, a.tty, desk, params)
	if err != nil {
		return 0, err
	}
	for lines := bufio.NewScanner(conn); lines.Scan(); {
		var m struct {
			ID     json.RawMessage
			Method string
			Error  *struct{ Code errcode.Code }
		}
		if err := json.Unmarshal(lines.Bytes(), &m); err != nil {
			return 0, err
		}
		switch {
		case m.Method != "" && m.ID != nil: // "yes", and a key that might be right
			_, err = fmt.Fprintf(conn, `{"jsonrpc":"2.0","id":%s,"result":{"yes":true,"text":"eWVz"}}`+"\n", m.ID)
		case m.Method != "":
		case m.Error != nil:
			return m.Error.Code, nil
		default:
			return 0, nil
		}
		if err != nil {
			return 0, err
		}
	}
	return 0, io.ErrUnexpectedEOF
}

// wanted is what an attacker would have of a vault with the key "base" and the
// device "phone".
var wanted = map[string]string{
	wire.MethodSlotAdd:      `{"kind":"recovery"}`,
	wire.MethodSlotRemove:   `{"id":"recovery","last":true}`,
	wire.MethodVaultHold:    `{"seconds":-1}`,
	wire.MethodKeyTrust:     `{"name":"base","endpoint":"https://evil.example"}`,
	wire.MethodKeyMove:      `{"name":"base"}`,
	wire.MethodKeyRemove:    `{"name":"base"}`,
	wire.MethodKeyImport:    `{"name":"base","accessKeyId":"AKIAIOSFODNN7EXAMPLE","secret":"QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQQ==","replace":true}`,
	wire.MethodDeviceAdd:    `{"name":"phone","seed":"R0VaREdOQlZHWTNUUU9KUUdFWkRHTkJWR1kzVFFPSlE=","replace":true}`,
	wire.MethodDeviceMove:   `{"name":"phone"}`,
	wire.MethodDeviceRemove: `{"name":"phone"}`,
	wire.MethodTokenProtect: `{"action":"remove"}`,
}

// desktop is a session with an unlocked keyring, in which commands run; it ends
// with the test.
func (h *home) desktop() (do func(command string) result) {
	h.Helper()
	cmd := exec.Command("dbus-run-session", "--", "sh", "-c",
		`printf 'login password' | gnome-keyring-daemon --unlock --components=secrets >/dev/null; echo "$DBUS_SESSION_BUS_ADDRESS"; cat`)
	cmd.Env = h.env
	in := must(cmd.StdinPipe())(h.TB)
	out := must(cmd.StdoutPipe())(h.TB)
	if err := cmd.Start(); err != nil {
		h.Fatalf("%v (run `sh .ci/deps test`)", err)
	}
	h.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	bus, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		h.Fatal(err)
	}
	env := append(h.env, "DBUS_SESSION_BUS_ADDRESS="+strings.TrimSpace(bus))
	mfad := program(h.TB, "mfad")
	return func(command string) result {
		return run(h.TB, env, "", "setsid", "-w", "sh", "-c", "mfad() { "+mfad+` "$@"; }; cd "$HOME"; `+command)
	}
}

// windows is a pinentry that notes on which display it is, and says no unless
// there is a file "yes".
const windows = `#!/bin/sh
echo OK
while read -r line; do
	case $line in
	CONFIRM) echo "$DISPLAY" >>"$HOME/windows"; if [ -e "$HOME/yes" ]; then echo OK; else echo "ERR 83886194 Not confirmed"; fi ;;
	BYE) echo OK; exit ;;
	*) echo OK ;;
	esac
done
`

// A vault that the keychain opens gives a process of the user what it gives aws,
// and nothing that lasts; nothing is lost by it either.
func TestAttackerWhoAnswersItselfGetsNothingThatLasts(t *testing.T) {
	h := newHome(t)
	do := h.desktop()
	succeed := func(command string) {
		t.Helper()
		if r := do(command); r.code != 0 {
			t.Fatalf("%s: %v", command, r)
		}
	}
	key := h.write("key.txt", h.key.ID+"\n"+h.key.Secret+"\n")
	seed := h.write("seed.txt", h.phone.URI()+"\n")
	pinentry := h.write("pinentry", windows)
	if err := os.Chmod(pinentry, 0o700); err != nil {
		t.Fatal(err)
	}
	succeed("mfad init --recovery-file recovery.txt && mfad key import base <" + key + " && mfad device add phone <" + seed)
	// Whether it is locked, and until when, changes by itself.
	kept := func() string {
		_, text, _ := strings.Cut(h.do("", "vault", "show"), "hold:")
		return text
	}
	shown := kept()
	socket := h.path(".local/state/mfad/run/agent.sock")

	attack := func(code ...errcode.Code) {
		t.Helper()
		for method, params := range wanted {
			for _, tty := range []bool{true, false} {
				got, err := attacker{socket, tty}.call(method, params)
				if err != nil || !slices.Contains(code, got) {
					t.Errorf("%s (terminal: %v): got code %d (%v), %v", method, tty, got, got, err)
				}
			}
		}
		if now := kept(); now != shown {
			t.Errorf("the vault was\n%s\nand is\n%s", shown, now)
		}
	}
	attack(errcode.Unproven, errcode.WrongPassphrase) // nobody can be asked, or the key is wrong
	var flood sync.WaitGroup
	for range 20 {
		flood.Go(func() {
			if got, err := (attacker{socket, false}).call(wire.MethodSlotAdd, wanted[wire.MethodSlotAdd]); got == 0 {
				t.Errorf("one of a flood got through: %v", err)
			}
		})
	}
	flood.Wait()
	audit, err := os.ReadFile(h.path(".local/state/mfad/audit-refused.log"))
	if err != nil {
		t.Fatal(err)
	}
	for method := range wanted {
		if n := strings.Count(string(audit), `"msg":"`+method+`","verdict":"refused"`); n < 2 {
			t.Errorf("%s: the audit file has %d refusals", method, n)
		}
	}

	// Where the agent has a desktop, it asks there, however often it is told of
	// another, and leaves the person in peace after some noes.
	restart := "mfad agent stop; MFAD_PINENTRY=" + pinentry + " DISPLAY=:77 mfad agent start"
	succeed(restart)
	attack(errcode.Dismissed, errcode.Unproven, errcode.WrongPassphrase) // which are asked, not asked any more, and a wrong key
	seen, err := os.ReadFile(h.path("windows"))
	if err != nil || string(seen) != strings.Repeat(":77\n", 2) {
		t.Errorf("windows came on %q, %v", seen, err)
	}
	h.write("yes", "")
	succeed(restart)
	succeed("mfad key remove base </dev/null && mfad vault slot add recovery --recovery-file second.txt </dev/null")
}
