package cmd_test

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mfad/mfad/internal/proctest"
)

// Whatever a crowd of the same user does, all calls of others succeed, those that
// have begun as well.
func TestAttackFloodShutsNobodyOut(t *testing.T) {
	attack(t, func(t *testing.T, h *home) {
		for range 5 {
			for _, args := range [][]string{{"credentials", "--profile", "prod"}, {"status"}, {"device", "list"}} {
				if r := h.mfad("", args...); r.code != 0 {
					t.Errorf("mfad %q: %v", args, r)
				}
			}
		}
	})
}

// A connection that has had an answer, and one whose call runs, outlive the flood.
func TestAttackFloodEndsNoCallOfOthers(t *testing.T) {
	h := newHome(t).furnish()
	h.do("", "lock")
	waiting := h.terminal("unlock")
	waiting.shows(`passphrase of vault "default": `)
	h.gather(crowd{how: "back", processes: 40, connections: 50})
	waiting.types(passphrase + "\n")
	if r := waiting.result(); r.code != 0 {
		t.Error(r)
	}
}

// Another user reaches nothing: neither by the socket's path nor by its folder.
func TestAttackOtherUserReachesNothing(t *testing.T) {
	proctest.Root(t)
	h := newHome(t).furnish()
	if err := os.Chmod(h.dir, 0o755); err != nil { // as homes are on many systems
		t.Fatal(err)
	}
	socket := h.path(".local/state/mfad/run/agent.sock")
	for _, path := range []string{socket, filepath.Dir(socket), h.path(".local/share/mfad/vaults/default/vault.json"), h.path(".local/share/mfad/vaults/default.agent")} {
		cmd := exec.Command("/bin/sh", "-c", `cat "$0" 2>&1 || ls "$0" 2>&1`, path)
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 64999, Gid: 64999}}
		out, err := cmd.CombinedOutput()
		if err == nil || !strings.Contains(string(out), "Permission denied") {
			t.Errorf("%s: another user gets %q, %v", path, out, err)
		}
	}
}

// What `nc -N` sends: a request, and the end of all requests.
func TestAttackHalfClosedPeerGetsItsAnswer(t *testing.T) {
	h := newHome(t).furnish()
	conn := h.dialAgent()
	if _, err := io.WriteString(conn, strings.Replace(statusCall, `"id":1`, `"id":-1`, 1)); err != nil {
		t.Fatal(err)
	}
	if err := conn.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(bufio.NewReader(conn))
	if err != nil || !strings.HasPrefix(string(text), `{"id":-1,"result":{`) {
		t.Errorf("got %q, %v", text, err)
	}
}

// BenchmarkFlood is the table of crowds in docs/security.md: what a warm call of mfad takes,
// as a process, in each crowd. Its bar is 250 ms for 95 % of them, and 1 s for all.
func BenchmarkFlood(b *testing.B) {
	const calls = 20
	for _, c := range crowds {
		b.Run(strings.ReplaceAll(c.name, " ", "-"), func(b *testing.B) {
			h := newHome(b).furnish()
			h.do("", "credentials", "--profile", "prod")
			h.gather(c)
			var took []time.Duration
			for b.Loop() {
				for range calls {
					start := time.Now()
					h.do("", "credentials", "--profile", "prod")
					took = append(took, time.Since(start))
				}
			}
			slices.Sort(took)
			for name, at := range map[string]int{"p50-ms": len(took) / 2, "p95-ms": len(took) * 95 / 100, "max-ms": len(took) - 1} {
				b.ReportMetric(took[at].Seconds()*1e3, name)
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}
