package socket_test

import (
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/mfad/mfad/internal/socket"
)

func TestPeerIsWhoConnected(t *testing.T) {
	ln, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(folder(t), "s"), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	conn, err := net.DialUnix("unix", nil, ln.Addr().(*net.UnixAddr))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	raw, err := conn.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	if err := raw.Control(func(fd uintptr) {
		if uid, pid, err := socket.Peer(int(fd)); uid != os.Getuid() || pid != os.Getpid() || err != nil {
			t.Errorf("uid %d, pid %d, %v", uid, pid, err)
		}
	}); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if uid, pid, err := socket.Peer(int(f.Fd())); err == nil {
		t.Errorf("of no socket: uid %d, pid %d", uid, pid)
	}
}
