package keychain

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/godbus/dbus/v5"
)

// The Secret Service API, https://specifications.freedesktop.org/secret-service/0.2/
const (
	secretsName      = "org.freedesktop.secrets"
	secretsPath      = dbus.ObjectPath("/org/freedesktop/secrets")
	loginPath        = dbus.ObjectPath("/org/freedesktop/secrets/collection/login")
	serviceInterface = "org.freedesktop.Secret.Service"
	promptInterface  = "org.freedesktop.Secret.Prompt"
	noObject         = dbus.ObjectPath("/")

	collectionInterface = "org.freedesktop.Secret.Collection"
)

const busVariable = "DBUS_SESSION_BUS_ADDRESS"

func available(ctx context.Context) error {
	s, err := dial(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	_, err = s.collection(ctx)
	return err
}

// ready returns when go-keyring has nothing left to ask, unlocking the
// collection that it uses if need be.
func ready(ctx context.Context) error {
	s, err := dial(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	path, err := s.collection(ctx)
	if err != nil {
		return err
	}
	locked, err := s.property(ctx, path, collectionInterface, "Locked")
	if err != nil {
		return err
	}
	if locked == true {
		return s.unlock(ctx, path)
	}
	return nil
}

// busAddress finds the session bus as libdbus does, but for starting one. What
// it finds it leaves in the environment: a library that asks for the session
// bus and finds no address there runs dbus-launch.
func busAddress() (string, error) {
	if address := os.Getenv(busVariable); address != "" && !strings.Contains(address, "autolaunch:") {
		return address, nil
	}
	dir := os.Getenv("XDG_RUNTIME_DIR")
	socket := filepath.Join(dir, "bus")
	info, err := os.Lstat(socket)
	if dir == "" || err != nil || info.Mode().Type() != fs.ModeSocket {
		return "", fmt.Errorf("%w: no session bus, %s is not set", ErrNone, busVariable)
	}
	address := "unix:path=" + dbus.EscapeBusAddressValue(socket)
	return address, os.Setenv(busVariable, address)
}

// secrets is the Secret Service, on a connection of our own: go-keyring's must
// carry no signal but its own.
type secrets struct {
	bus     *dbus.Conn
	service dbus.BusObject
	cancel  context.CancelFunc
}

// dial connects to the session bus and makes sure that a Secret Service is
// there, or would be started.
func dial(ctx context.Context) (*secrets, error) {
	address, err := busAddress()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	bus, err := dbus.Connect(address, dbus.WithContext(ctx))
	if err != nil {
		defer cancel()
		return nil, explain(ctx, fmt.Errorf("the session bus does not answer: %w", err))
	}
	s := &secrets{bus, bus.Object(secretsName, secretsPath), cancel}
	if err := s.find(ctx); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *secrets) close() {
	_ = s.bus.Close()
	s.cancel()
}

func (s *secrets) find(ctx context.Context) error {
	for _, list := range []string{"ListNames", "ListActivatableNames"} {
		var names []string
		err := s.bus.BusObject().CallWithContext(ctx, "org.freedesktop.DBus."+list, 0).Store(&names)
		if err != nil {
			return explain(ctx, err)
		}
		if slices.Contains(names, secretsName) {
			return nil
		}
	}
	return fmt.Errorf("%w: no Secret Service on the session bus, such as gnome-keyring or KeePassXC", ErrNone)
}

// collection is the one that go-keyring uses: login, else the default.
func (s *secrets) collection(ctx context.Context) (dbus.ObjectPath, error) {
	all, err := s.property(ctx, secretsPath, serviceInterface, "Collections")
	if err != nil {
		return "", err
	}
	if paths, ok := all.([]dbus.ObjectPath); ok && slices.Contains(paths, loginPath) {
		return loginPath, nil
	}
	var path dbus.ObjectPath
	if err := s.service.CallWithContext(ctx, serviceInterface+".ReadAlias", 0, "default").Store(&path); err != nil {
		return "", explain(ctx, err)
	}
	if path == noObject {
		return "", fmt.Errorf("%w: the Secret Service has no default collection; log in to the desktop once, or make one with seahorse", ErrNone)
	}
	return path, nil
}

func (s *secrets) property(ctx context.Context, path dbus.ObjectPath, iface, name string) (any, error) {
	var value dbus.Variant
	err := s.bus.Object(secretsName, path).CallWithContext(ctx, "org.freedesktop.DBus.Properties.Get", 0, iface, name).Store(&value)
	if err != nil {
		return nil, explain(ctx, err)
	}
	return value.Value(), nil
}

// unlock asks the service to unlock a collection, which may ask the person. A
// prompt is withdrawn by closing the connection, never by its Dismiss, which
// aborts gnome-keyring 42.
func (s *secrets) unlock(ctx context.Context, path dbus.ObjectPath) error {
	var unlocked []dbus.ObjectPath
	var prompt dbus.ObjectPath
	err := s.service.CallWithContext(ctx, serviceInterface+".Unlock", 0, []dbus.ObjectPath{path}).Store(&unlocked, &prompt)
	if err != nil {
		return explain(ctx, err)
	}
	if prompt == noObject {
		return nil
	}
	err = s.prompt(ctx, prompt)
	if ctx.Err() != nil {
		return fmt.Errorf("%w, and nobody unlocked it in time: %w", ErrLocked, context.Cause(ctx))
	}
	return err
}

func (s *secrets) prompt(ctx context.Context, path dbus.ObjectPath) error {
	var owner string
	err := s.bus.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.GetNameOwner", 0, secretsName).Store(&owner)
	if err != nil {
		return explain(ctx, err)
	}
	signals := make(chan *dbus.Signal, 8)
	s.bus.Signal(signals)
	err = s.bus.AddMatchSignalContext(ctx, dbus.WithMatchSender(owner),
		dbus.WithMatchObjectPath(path), dbus.WithMatchInterface(promptInterface))
	if err == nil {
		err = s.bus.Object(secretsName, path).CallWithContext(ctx, promptInterface+".Prompt", 0, "").Err
	}
	if err != nil {
		return explain(ctx, err)
	}
	// The connection is closed, and the channel with it, when ctx ends.
	for signal := range signals {
		if signal.Sender == owner && signal.Path == path && signal.Name == promptInterface+".Completed" {
			return completed(signal.Body)
		}
	}
	return fmt.Errorf("%w: the session bus went away", ErrNone)
}

// completed reads (dismissed boolean, result variant).
func completed(body []any) error {
	if len(body) > 0 && body[0] == false {
		return nil
	}
	return fmt.Errorf("%w, and the question to unlock it was dismissed", ErrLocked)
}

// explain says why a call failed: ctx ended, or the service is broken.
func explain(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return silence(ctx)
	}
	return fmt.Errorf("%w: asking the Secret Service: %w", ErrNone, err)
}
