package cmd_test

import (
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mfad/mfad/internal/proctest"
)

// door is a copy of mfad beside a mfad-cli that is the test's own: it tells how
// it was called instead of doing anything.
type door struct {
	testing.TB
	dir string
	env []string
}

// doubleExit is the exit code of the double of mfad-cli.
const doubleExit = 42

// calledAs is what the double of mfad-cli saw.
type calledAs struct {
	Args, Env []string
	Open      []string // sockets
}

// playClient makes this process the double of mfad-cli, if it was called by
// that name.
func playClient() bool {
	self, err := os.Executable()
	if err != nil || filepath.Base(self) != "mfad-cli" {
		return false
	}
	seen := calledAs{Args: os.Args, Env: os.Environ()}
	for _, fd := range []string{"3", "4", "5", "6", "7", "8", "9"} {
		to, err := os.Readlink("/proc/self/fd/" + fd)
		if err == nil && strings.HasPrefix(to, "socket:") { // other files are this process's own
			seen.Open = append(seen.Open, to)
		}
	}
	if err := json.NewEncoder(os.Stderr).Encode(seen); err != nil {
		panic(err)
	}
	os.Exit(doubleExit)
	return true
}

func newDoor(tb testing.TB, env []string) *door {
	tb.Helper()
	dir := tb.TempDir()
	copyProgram(tb, program(tb, "mfad"), filepath.Join(dir, "mfad"))
	self, err := os.Executable()
	if err != nil {
		tb.Fatal(err)
	}
	copyProgram(tb, self, filepath.Join(dir, "mfad-cli"))
	return &door{tb, dir, env}
}

// copyProgram links where it can: the temporary folders may lie on two file systems.
func copyProgram(tb testing.TB, from, to string) {
	tb.Helper()
	if os.Link(from, to) == nil {
		return
	}
	if err := os.WriteFile(to, must(os.ReadFile(from))(tb), 0o700); err != nil {
		tb.Fatal(err)
	}
}

// call runs the door.
func (d *door) call(args ...string) result {
	d.Helper()
	return run(d.TB, d.env, "", filepath.Join(d.dir, "mfad"), args...)
}

// handsOver expects that mfad-cli was put in the door's place, as if it had been
// called itself.
func (d *door) handsOver(args ...string) {
	d.Helper()
	r := d.call(args...)
	var seen calledAs
	if err := json.Unmarshal([]byte(r.stderr), &seen); err != nil || r.code != doubleExit || r.stdout != "" {
		d.Errorf("mfad %q does not hand over: %v", args, r)
		return
	}
	if want := append([]string{filepath.Join(d.dir, "mfad")}, args...); !slices.Equal(seen.Args, want) {
		d.Errorf("mfad-cli is called as %q, want %q", seen.Args, want)
	}
	if !slices.Equal(seen.Env, d.env) {
		d.Errorf("mfad-cli has the environment %q, want %q", seen.Env, d.env)
	}
	if len(seen.Open) != 0 {
		d.Errorf("mfad-cli inherits %q", seen.Open)
	}
}

// serves expects a document, without mfad-cli.
func (d *door) serves(want string, args ...string) {
	d.Helper()
	if r := d.call(args...); r.code != 0 || r.stdout != want || r.stderr != "" {
		d.Errorf("mfad %q: %v\nwant: %s", args, r, want)
	}
}

// fakeAgent listens in a folder of its own and answers as it was told.
type fakeAgent struct {
	testing.TB
	dir, socket string
	ln          *net.UnixListener
	answer      func(net.Conn)
}

func newFakeAgent(tb testing.TB, answer func(net.Conn)) fakeAgent {
	tb.Helper()
	dir := proctest.Folder(tb)
	a := fakeAgent{TB: tb, dir: filepath.Join(dir, "run"), socket: filepath.Join(dir, "run", "s"), answer: answer}
	if err := os.Mkdir(a.dir, 0o700); err != nil {
		tb.Fatal(err)
	}
	a.ln = must(net.ListenUnix("unix", &net.UnixAddr{Name: a.socket, Net: "unix"}))(tb)
	a.ln.SetUnlinkOnClose(false)
	tb.Cleanup(func() { _ = a.ln.Close() })
	go serveAnswers(a.ln, answer)
	return a
}

// serveAnswers answers each connection, until ln is closed.
func serveAnswers(ln net.Listener, answer func(net.Conn)) {
	for {
		conn, err := ln.Accept()
		if err != nil {
			return
		}
		go answer(conn)
	}
}

// saying answers a request with a text, and hangs up.
func saying(text string) func(net.Conn) {
	return func(conn net.Conn) {
		defer conn.Close()
		if _, err := conn.Read(make([]byte, 4096)); err == nil {
			_, _ = conn.Write([]byte(text))
		}
	}
}
