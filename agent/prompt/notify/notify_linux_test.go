package notify_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/mfad/mfad/agent/prompt/notify"
	"github.com/mfad/mfad/agent/wire"
)

// newBus runs a session bus of its own, on a socket named bus in a folder.
func newBus(t *testing.T) (runtime string) {
	t.Helper()
	runtime = t.TempDir()
	cmd := exec.Command("dbus-daemon", "--session", "--nofork", "--print-address=1", "--address=unix:path="+filepath.Join(runtime, "bus"))
	cmd.Env = []string{"HOME=" + runtime, "PATH=" + os.Getenv("PATH")}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	})
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	return runtime
}

// server is a notification server that says what it is told.
type server struct {
	told chan string
	next uint32
}

func (s *server) Notify(app string, replaces uint32, _, summary, body string, actions []string, _ map[string]dbus.Variant, expires int32) (uint32, *dbus.Error) {
	id := replaces
	if id == 0 {
		s.next++
		id = s.next
	}
	s.told <- fmt.Sprintf("%d: %s, %s: %s %v", id, app, summary, body, actions)
	if expires <= 0 {
		s.told <- "never fades"
	}
	return id, nil
}

func (s *server) CloseNotification(id uint32) *dbus.Error {
	s.told <- fmt.Sprintf("close %d", id)
	return nil
}

// serve owns the name of the notification server on a bus.
func serve(t *testing.T, runtime string) *server {
	t.Helper()
	conn, err := dbus.Connect("unix:path=" + filepath.Join(runtime, "bus"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	s := &server{told: make(chan string, 99)}
	const name = "org.freedesktop.Notifications"
	if err := conn.Export(s, "/org/freedesktop/Notifications", name); err != nil {
		t.Fatal(err)
	}
	if got, err := conn.RequestName(name, dbus.NameFlagDoNotQueue); err != nil || got != dbus.RequestNameReplyPrimaryOwner {
		t.Fatal(got, err)
	}
	return s
}

func (s *server) expect(t *testing.T, want string) {
	t.Helper()
	select {
	case got := <-s.told:
		if got != want {
			t.Errorf("told %q, not %q", got, want)
		}
	case <-time.After(20 * time.Second):
		t.Fatalf("never told %q", want)
	}
}

func TestNotificationIsReplacedAndTakenAway(t *testing.T) {
	runtime := newBus(t)
	s := serve(t, runtime)
	first := 1
	for name, at := range map[string]wire.Desktop{
		"address": {Bus: "tcp:host=127.0.0.1;unix:path=" + dbus.EscapeBusAddressValue(filepath.Join(runtime, "bus")) + ",guid=0123"},
		"folder":  {RuntimeDir: runtime},
	} {
		t.Run(name, func(t *testing.T) {
			n := &notify.Notifier{Desktop: at}
			n.Notice("")
			n.Notice("touch <b>YubiKey</b> & \x1b co")
			s.expect(t, fmt.Sprintf(`%d: mfad, mfad: touch ‹b›YubiKey‹/b› ＆ \x1b co []`, first))
			n.Notice("touch it again")
			s.expect(t, fmt.Sprintf("%d: mfad, mfad: touch it again []", first))
			n.Notice("")
			s.expect(t, fmt.Sprintf("close %d", first))
			n.Notice("touch another")
			s.expect(t, fmt.Sprintf("%d: mfad, mfad: touch another []", first+1))
			if err := n.Close(); err != nil {
				t.Error(err)
			}
			s.expect(t, fmt.Sprintf("close %d", first+1)) // was told before Close returned
			n.Notice("after the end")
			if len(s.told) != 0 {
				t.Errorf("told %q", <-s.told)
			}
			first += 2
		})
	}
}

// Nothing is run for an address that runs programs, and nothing hangs.
func TestDesktopsThatCannotShowAreLeftAlone(t *testing.T) {
	dir := t.TempDir()
	ran := filepath.Join(dir, "ran")
	silent, err := net.Listen("unix", filepath.Join(dir, "silent"))
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	if err := os.WriteFile(filepath.Join(dir, "bus"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path="+filepath.Join(dir, "silent"))
	script := "#!/bin/sh\n: > " + ran + "\n"
	for _, name := range []string{"dbus-launch", "evil"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for name, at := range map[string]wire.Desktop{
		"no desktop":     {},
		"no socket":      {RuntimeDir: dir},
		"program":        {Bus: "unixexec:path=" + filepath.Join(dir, "evil")},
		"autolaunch":     {Bus: "autolaunch:"},
		"network":        {Bus: "tcp:host=127.0.0.1,port=1"},
		"missing":        {Bus: "unix:path=/nonexistent"},
		"relative":       {Bus: "unix:path=bus"},
		"never answers":  {Bus: "unix:path=" + filepath.Join(dir, "silent")},
		"without server": {RuntimeDir: newBusAfter(t)},
	} {
		n := &notify.Notifier{Desktop: at}
		n.Notice("touch")
		if err := n.Close(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := os.Lstat(ran); !os.IsNotExist(err) {
		t.Errorf("a program was run: %v", err)
	}
}

// newBusAfter is newBus where PATH leads nowhere.
func newBusAfter(t *testing.T) string {
	t.Helper()
	path := os.Getenv("PATH")
	t.Setenv("PATH", "/usr/bin:/bin")
	defer t.Setenv("PATH", path)
	return newBus(t)
}

func TestBusThatDiesIsForgotten(t *testing.T) {
	runtime := t.TempDir()
	ln, err := net.Listen("unix", filepath.Join(runtime, "bus"))
	if err != nil {
		t.Fatal(err)
	}
	hung := make(chan struct{})
	go func() {
		defer close(hung)
		conn, err := ln.Accept()
		if err == nil {
			_, _ = conn.Read(make([]byte, 100))
			_ = conn.Close()
		}
	}()
	n := &notify.Notifier{Desktop: wire.Desktop{RuntimeDir: runtime}}
	n.Notice("touch")
	<-hung
	n.Notice("again " + strings.Repeat("x", 10_000))
	if err := n.Close(); err != nil {
		t.Error(err)
	}
	if err := ln.Close(); err != nil {
		t.Error(err)
	}
}

// Where there is no notification server, a window of its own shows each text,
// and is closed when the text is taken away.
func TestDesktopWithoutNotificationsShowsAWindow(t *testing.T) {
	events := make(chan string, 8)
	n := &notify.Notifier{Window: func(ctx context.Context, text string) error {
		events <- "open " + text
		<-ctx.Done()
		events <- "closed " + text
		return ctx.Err()
	}}
	for _, step := range []struct{ text, want string }{
		{"touch the first", "open touch the first"},
		{"touch the second", "closed touch the first"},
	} {
		n.Notice(step.text)
		if got := <-events; got != step.want {
			t.Errorf("got %q, want %q", got, step.want)
		}
	}
	if got := <-events; got != "open touch the second" {
		t.Errorf("got %q", got)
	}
	n.Notice("")
	if got := <-events; got != "closed touch the second" {
		t.Errorf("got %q", got)
	}
	n.Notice("touch the third")
	<-events
	if err := n.Close(); err != nil {
		t.Error(err)
	}
	if got := <-events; got != "closed touch the third" {
		t.Errorf("got %q when it was over", got)
	}
}
