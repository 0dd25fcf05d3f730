package keychain

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/mfad/mfad/internal/proctest"
)

// desktop is a session bus of the test's own.
type desktop struct {
	address string
	bus     *dbus.Conn
}

// busConfig lets everybody do everything, and starts no services.
const busConfig = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:path=%s</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>`

// newDesktop starts a bus at DIR/bus and points the process to nothing.
func newDesktop(t *testing.T) (d *desktop, dir string) {
	t.Helper()
	dir = proctest.Folder(t)
	t.Setenv("HOME", dir)
	t.Setenv("XDG_RUNTIME_DIR", "")
	t.Setenv("XDG_DATA_HOME", filepath.Join(dir, "data"))
	t.Setenv(busVariable, "")

	config := filepath.Join(dir, "bus.conf")
	if err := os.WriteFile(config, fmt.Appendf(nil, busConfig, filepath.Join(dir, "bus")), 0o600); err != nil {
		t.Fatal(err)
	}
	daemon := command(t, "dbus-daemon", "dbus-daemon", "--config-file="+config, "--nofork", "--print-address")
	out, err := daemon.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	start(t, daemon)
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("dbus-daemon: %v", err)
	}
	d = &desktop{address: strings.TrimSpace(address)}
	if d.bus, err = dbus.Connect(d.address); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.bus.Close() })
	return d, dir
}

func command(t *testing.T, debianPackage, name string, args ...string) *exec.Cmd {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("%s is missing: apt-get install %s", name, debianPackage)
	}
	return exec.Command(path, args...)
}

// start runs a daemon until the end of the test, however it ends.
func start(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
}

// keyring starts gnome-keyring, with its login collection unlocked.
func (d *desktop) keyring(t *testing.T) {
	t.Helper()
	t.Setenv(busVariable, d.address)
	signals := make(chan *dbus.Signal, 64)
	d.bus.Signal(signals)
	if err := d.bus.AddMatchSignal(dbus.WithMatchInterface("org.freedesktop.DBus"),
		dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, secretsName)); err != nil {
		t.Fatal(err)
	}
	daemon := command(t, "gnome-keyring", "gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets")
	daemon.Stdin = strings.NewReader("login password")
	var stderr bytes.Buffer
	daemon.Stderr = &stderr
	start(t, daemon)
	defer d.bus.RemoveSignal(signals)
	tooLate := time.After(20 * time.Second)
	for {
		select {
		case signal := <-signals:
			if signal.Name == "org.freedesktop.DBus.NameOwnerChanged" {
				return
			}
		case <-tooLate:
			t.Fatalf("gnome-keyring did not come to the bus: %s", stderr.String())
		}
	}
}

// lock locks the login collection, as a desktop may.
func (d *desktop) lock(t *testing.T) {
	t.Helper()
	call := d.bus.Object(secretsName, secretsPath).Call(serviceInterface+".Lock", 0, []dbus.ObjectPath{loginPath})
	if call.Err != nil {
		t.Fatal(call.Err)
	}
}

func wantError(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got error %v, want %v", err, want)
	}
}

func TestKeychainKeepsASecret(t *testing.T) {
	d, _ := newDesktop(t)
	d.keyring(t)
	ctx := t.Context()
	if err := Available(ctx); err != nil {
		t.Fatal(err)
	}
	_, err := Get(ctx, "vault")
	wantError(t, err, ErrNotFound)
	wantError(t, Delete(ctx, "vault"), ErrNotFound)
	for _, secret := range []string{"one", "two"} {
		if err := Set(ctx, "vault", []byte(secret)); err != nil {
			t.Fatal(err)
		}
		if got, err := Get(ctx, "vault"); err != nil || string(got) != secret {
			t.Fatalf("got %q, %v; want %q", got, err, secret)
		}
	}
	if err := Set(ctx, "vault", make([]byte, maxSecret+1)); err == nil {
		t.Error("a secret that Windows would not take was taken")
	}
	if err := Delete(ctx, "vault"); err != nil {
		t.Fatal(err)
	}
	_, err = Get(ctx, "vault")
	wantError(t, err, ErrNotFound)
}

// deafPrompter takes every question of gnome-keyring and answers none.
type deafPrompter struct{ asked chan struct{} }

// BeginPrompting is a method of org.gnome.keyring.internal.Prompter.
func (p deafPrompter) BeginPrompting(dbus.ObjectPath) *dbus.Error {
	p.asked <- struct{}{}
	return nil
}

// TestLockedKeychainAnswersInTime has a person who does not answer: each call
// ends with its context, and says that the keychain is locked.
func TestLockedKeychainAnswersInTime(t *testing.T) {
	for name, act := range map[string]func(context.Context) error{
		"get":    func(ctx context.Context) error { _, err := Get(ctx, "vault"); return err },
		"set":    func(ctx context.Context) error { return Set(ctx, "vault", []byte("two")) },
		"delete": func(ctx context.Context) error { return Delete(ctx, "vault") },
	} {
		t.Run(name, func(t *testing.T) {
			d, _ := newDesktop(t)
			d.keyring(t)
			asked := d.askInVain(t)
			d.lock(t)
			if err := Available(t.Context()); err != nil {
				t.Errorf("a locked keychain is a keychain: %v", err)
			}
			// The context ends when the question stands on the screen.
			late := errors.New("the person went away")
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			go func() {
				<-asked
				cancel(late)
			}()
			err := act(ctx)
			wantError(t, err, ErrLocked)
			wantError(t, err, late)
		})
	}
}

// askInVain puts a prompter on the bus that answers nothing, and tells when it
// was asked.
func (d *desktop) askInVain(t *testing.T) (asked <-chan struct{}) {
	t.Helper()
	prompter := deafPrompter{make(chan struct{}, 8)}
	if err := d.bus.Export(prompter, "/org/gnome/keyring/Prompter", "org.gnome.keyring.internal.Prompter"); err != nil {
		t.Fatal(err)
	}
	if _, err := d.bus.RequestName("org.gnome.keyring.SystemPrompter", 0); err != nil {
		t.Fatal(err)
	}
	return prompter.asked
}

func TestDismissedPromptIsALockedKeychain(t *testing.T) {
	d, _ := newDesktop(t)
	d.keyring(t)
	d.lock(t)
	// With no prompter on the bus, gnome-keyring dismisses its own question.
	_, err := Get(t.Context(), "vault")
	wantError(t, err, ErrLocked)
}

func TestNoSecretServiceIsNoKeychain(t *testing.T) {
	d, dir := newDesktop(t)
	t.Setenv(busVariable, d.address)
	wantError(t, Available(t.Context()), ErrNone)
	_, err := Get(t.Context(), "vault")
	wantError(t, err, ErrNone)

	t.Setenv(busVariable, "unix:path="+filepath.Join(dir, "gone"))
	wantError(t, Available(t.Context()), ErrNone)
}

// TestNoBusStartsNoBus puts a dbus-launch of its own in PATH, which must never
// run.
func TestNoBusStartsNoBus(t *testing.T) {
	dir := t.TempDir()
	trap, sprung := filepath.Join(dir, "dbus-launch"), filepath.Join(dir, "sprung")
	if err := os.WriteFile(trap, []byte("#!/bin/sh\n: >'"+sprung+"'\nexit 1\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	for _, address := range []string{"", "autolaunch:", "autolaunch:;unix:path=/gone"} {
		for _, runtime := range []string{"", dir} {
			t.Setenv(busVariable, address)
			t.Setenv("XDG_RUNTIME_DIR", runtime)
			_, err := Get(t.Context(), "vault")
			for _, err := range []error{err, Available(t.Context()), Set(t.Context(), "vault", nil), Delete(t.Context(), "vault")} {
				wantError(t, err, ErrNone)
			}
		}
	}
	if _, err := os.Stat(sprung); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("dbus-launch was run: %v", err)
	}
	if err := exec.Command(trap).Run(); err == nil {
		t.Fatal("the trap is no trap")
	}
	if _, err := os.Stat(sprung); err != nil {
		t.Fatalf("the trap is no trap: %v", err)
	}
}

func TestBusIsFoundInTheRuntimeFolder(t *testing.T) {
	d, dir := newDesktop(t)
	d.keyring(t)
	t.Setenv(busVariable, "")
	t.Setenv("XDG_RUNTIME_DIR", dir)
	if err := Set(t.Context(), "vault", []byte("one")); err != nil {
		t.Fatal(err)
	}
	if got := os.Getenv(busVariable); got != "unix:path="+filepath.Join(dir, "bus") {
		t.Errorf("go-keyring finds %q", got)
	}
}

func TestCallEndsWithItsContext(t *testing.T) {
	d, _ := newDesktop(t)
	d.keyring(t)
	late := errors.New("late")
	calls <- struct{}{} // a call that hangs
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(late)
	_, err := Get(ctx, "vault")
	wantError(t, err, late)
	calls.Leave()
	_, err = Get(ctx, "vault")
	wantError(t, err, late)
}
