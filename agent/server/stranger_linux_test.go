package server_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mfad/mfad/agent/server"
	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/proctest"
)

// The socket has no file here, so that nothing but the server keeps others out.
func TestAnotherUserIsServedNothing(t *testing.T) {
	const stranger = 64999
	ln, err := net.Listen("unix", "@mfad-test-"+t.Name())
	if err != nil {
		t.Fatal(err)
	}
	log := new(lockedBuffer)
	calls := make(chan string, 1)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		done <- server.Serve(ctx, ln, func(_ context.Context, _ *server.Conn, _ wire.Call, method string) (any, error) {
			calls <- method
			return nil, nil
		}, server.Options{Logger: slog.New(slog.NewTextHandler(log, nil))})
	}()
	for _, who := range []int{os.Getuid(), stranger} {
		conn := dialAs(t, who, ln.Addr().String())
		_, _ = io.WriteString(conn, `{"jsonrpc":"2.0","id":1,"method":"m","params":{"v":2,"client":"1.2"}}`+"\n")
		text := make([]byte, 100)
		n, err := conn.Read(text)
		if own := who == os.Getuid(); own != (err == nil) {
			t.Errorf("uid %d reads %q, %v", who, text[:n], err)
		} else if own {
			<-calls
		} else if len(calls) != 0 || !strings.Contains(log.String(), "uid=64999") {
			t.Errorf("a stranger was served, or the log does not tell of it: %s", log)
		}
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// dialAs connects as a user.
func dialAs(t *testing.T, uid int, path string) net.Conn {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	file := os.NewFile(uintptr(fd), path)
	defer func() { _ = file.Close() }()
	err = proctest.AsUser(t, uid, func() error { return syscall.Connect(fd, &syscall.SockaddrUnix{Name: path}) })
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.FileConn(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return conn
}
