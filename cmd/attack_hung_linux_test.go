package cmd_test

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// An agent that was stopped is named, with what to do, and can be replaced.
func TestAttackStoppedAgentIsNamedAndReplaced(t *testing.T) {
	t.Parallel()
	h := newHome(t).furnish()
	pid := h.agentPID()
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"status"}, {"device", "list"}, {"lock"}, {"credentials", "--profile", "prod"}} {
		r := h.mfad("", args...)
		expect(t, r, 6, "the agent (pid "+strconv.Itoa(pid)+") does not answer", "kill -CONT "+strconv.Itoa(pid), "mfad agent restart")
	}
	h.do("", "agent", "restart")
	if now := h.agentPID(); now == pid {
		t.Error("the stopped agent is still there")
	}
}

// What listens and is no agent is named, whatever it says.
func TestAttackFalseAgentIsNamed(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		answer func(net.Conn)
		want   string
	}{
		"says nothing":  {func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }, "does not answer"},
		"garbage":       {saying("HTTP/1.1 400 Bad Request\r\n\r\n"), "is no mfad-agent"},
		"another's":     {saying(`{"jsonrpc":"2.0","id":77,"result":{}}` + "\n"), "is no mfad-agent"},
		"empty objects": {saying(strings.Repeat("{}\n", 10)), "is no mfad-agent"},
		"half a frame": {func(conn net.Conn) {
			_, _ = io.WriteString(conn, `{"jsonrpc":"2.0","id":1,"resu`)
			_, _ = io.Copy(io.Discard, conn)
		}, "does not answer"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			agent := newFakeAgent(t, row.answer)
			env := []string{"HOME=" + t.TempDir(), "MFAD_SOCKET=" + agent.socket, "PATH=" + os.Getenv("PATH")}
			for _, args := range [][]string{{"status"}, {"credentials", "--profile", "prod"}} {
				expect(t, run(t, env, "", program(t, "mfad"), args...), 6, row.want, "hint: ")
			}
		})
	}
}

// A caller right behind the end of an agent gets the next one.
func TestAttackUnlockRightAfterAKill(t *testing.T) {
	t.Parallel()
	h := newHome(t).furnish()
	for range 20 {
		if err := syscall.Kill(h.agentPID(), syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		h.do(passphrase+"\n", "unlock", "--passphrase-stdin")
	}
}

// Shells whose runtime folders differ, or are of no use, have one agent.
func TestAttackShellsWithOtherRuntimeFoldersHaveOneAgent(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	plain := h.env
	in := func(dir string) { h.env = append(plain[:len(plain):len(plain)], "XDG_RUNTIME_DIR="+dir) }
	for _, name := range []string{"a", "b", "open"} {
		if err := os.Mkdir(h.path(name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(h.path("open"), 0o777); err != nil {
		t.Fatal(err)
	}
	in(h.path("a"))
	h.furnish()
	pid := h.agentPID()
	for dir, warned := range map[string]bool{
		h.path("b"): false, "": false, h.path("none"): true, "relative": true, h.path("open"): true, filepath.Join(h.path("a"), "x\ny"): true,
	} {
		in(dir)
		r := h.mfad("", "status", "--json")
		if r.code != 0 || !strings.Contains(r.stdout, `"pid": `+strconv.Itoa(pid)) && !strings.Contains(r.stdout, `"pid":`+strconv.Itoa(pid)) {
			t.Errorf("in %q: %v", dir, r)
		}
		if lines := strings.Count(r.stderr, "\n"); warned != (lines == 1 && strings.Contains(r.stderr, "XDG_RUNTIME_DIR is not used")) {
			t.Errorf("in %q stderr has %q", dir, r.stderr)
		}
	}
	h.env = plain
}
