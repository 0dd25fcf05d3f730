package notify

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/godbus/dbus/v5"
	"github.com/mfad/mfad/agent/peer"
	"github.com/mfad/mfad/agent/wire"
)

// Desktop Notifications Specification 1.2.
const (
	serverName = "org.freedesktop.Notifications"
	serverPath = dbus.ObjectPath("/org/freedesktop/Notifications")
)

// expiry is when a notification that nobody takes away fades, in milliseconds.
const expiry = int32(60_000)

// bus is the notification server behind a session bus.
type bus struct {
	conn   *dbus.Conn
	cancel context.CancelFunc // of conn
	id     uint32             // of what is shown, or 0
}

// open connects to the desktop's bus. The address is a unix socket's: others
// run programs or reach into the network. Whoever listens there must be our own
// user, for it learns who uses AWS for what.
func open(ctx context.Context, at wire.Desktop) (screen, error) {
	path, err := socket(at)
	if err != nil {
		return nil, err
	}
	var dialer net.Dialer
	raw, err := dialer.DialContext(ctx, "unix", path)
	if err != nil {
		return nil, fmt.Errorf("connecting to the session bus: %w", err)
	}
	if err := checkPeer(raw); err != nil {
		return nil, errors.Join(err, raw.Close())
	}
	life, cancel := context.WithCancel(context.Background())
	conn, err := dbus.NewConn(raw.(*net.UnixConn), dbus.WithContext(life))
	if err != nil {
		cancel()
		return nil, errors.Join(err, raw.Close())
	}
	b := &bus{conn: conn, cancel: cancel}
	// The handshake knows no context: its end closes the connection.
	stop := context.AfterFunc(ctx, cancel)
	err = errors.Join(conn.Auth(nil), ctx.Err())
	if err == nil {
		err = conn.Hello()
	}
	if !stop() || err != nil {
		b.close()
		return nil, errors.Join(err, ctx.Err())
	}
	return b, nil
}

func checkPeer(raw net.Conn) error {
	who, err := peer.Of(raw.(*net.UnixConn))
	if err == nil && !who.Ours() {
		err = fmt.Errorf("the session bus is that of uid %d", who.UID)
	}
	return err
}

var errNoBus = errors.New("the caller has no session bus")

// socket is the path of the bus's socket, with @ first for an abstract one.
func socket(at wire.Desktop) (string, error) {
	for address := range strings.SplitSeq(at.Bus, ";") {
		options, found := strings.CutPrefix(address, "unix:")
		if !found {
			continue
		}
		for option := range strings.SplitSeq(options, ",") {
			name, value, _ := strings.Cut(option, "=")
			text, err := dbus.UnescapeBusAddressValue(value)
			switch {
			case err != nil || strings.ContainsRune(text, 0):
			case name == "path" && filepath.IsAbs(text):
				return text, nil
			case name == "abstract" && text != "":
				return "@" + text, nil
			}
		}
	}
	path := filepath.Join(at.RuntimeDir, "bus")
	info, err := os.Lstat(path)
	if at.Bus != "" || !filepath.IsAbs(path) || err != nil || info.Mode().Type() != fs.ModeSocket {
		return "", errNoBus
	}
	return path, nil
}

func (b *bus) show(ctx context.Context, text string) error {
	server := b.conn.Object(serverName, serverPath)
	if text == "" {
		id := b.id
		b.id = 0
		if id == 0 {
			return nil
		}
		return server.CallWithContext(ctx, serverName+".CloseNotification", 0, id).Err
	}
	hints := map[string]dbus.Variant{
		"urgency":   dbus.MakeVariant(byte(2)), // it is waited for, and not for long
		"transient": dbus.MakeVariant(true),    // nothing to look up later
	}
	return server.CallWithContext(ctx, serverName+".Notify", 0,
		"mfad", b.id, "", "mfad", plain(text), []string{}, hints, expiry).Store(&b.id)
}

// plain is text that servers with and without markup show alike.
func plain(text string) string {
	return strings.NewReplacer("<", "‹", ">", "›", "&", "＆").Replace(text)
}

func (b *bus) close() {
	_ = b.conn.Close()
	b.cancel()
}
