package cmd_test

import (
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/mfad/mfad/internal/proctest"
)

const (
	goodDocument = `{"Version":1,"AccessKeyId":"ASIAEXAMPLE","SecretAccessKey":"abc/def","SessionToken":"t=="}`
	goodAnswer   = `{"id":1,"result":{"document":` + goodDocument + `,"region":"eu-central-1"},"jsonrpc":"2.0"}` + "\n"
)

func TestDoorHandsOverWhateverIsNotTheLineOfConfigFiles(t *testing.T) {
	t.Parallel()
	agent := newFakeAgent(t, saying(goodAnswer))
	d := newDoor(t, []string{"HOME=/nonexistent", "MFAD_SOCKET=" + agent.socket, "LANG=C.UTF-8", "EMPTY="})
	d.serves(goodDocument+"\n", "credentials", "--profile", "prod")
	d.serves(goodDocument+"\n", "credentials", "--profile=team/prod@home")
	for _, args := range [][]string{
		nil,
		{"status"},
		{"--help"},
		{"credentials"},
		{"credentials", "--profile"},
		{"credentials", "--profile="},
		{"credentials", "--profile", ""},
		{"credentials", "--profile", "a b"},
		{"credentials", "--profile", "--help"},
		{"credentials", "--profile", strings.Repeat("x", 65)},
		{"credentials", "--profile", "a\"b"},
		{"credentials", "--profile", "é"},
		{"credentials", "--profile", "prod", "--help"},
		{"--profile", "prod", "credentials"},
		{"exec", "--profile", "prod", "--", "true"},
	} {
		d.handsOver(args...)
	}
	at := "MFAD_SOCKET=" + agent.socket
	for _, env := range [][]string{
		{at, "AWS_REGION=a b"}, {at, "AWS_DEFAULT_REGION=\""}, {"MFAD_SOCKET=run/s"}, {at + strings.Repeat("x", 108)}, {},
	} {
		newDoor(t, env).handsOver("credentials", "--profile", "prod")
	}
}

func TestDoorHandsOverWhatItDoesNotUnderstand(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]func(net.Conn){
		"cold":             saying(`{"id":1,"result":{"document":null},"jsonrpc":"2.0"}` + "\n"),
		"refused":          saying(`{"id":1,"error":{"code":6,"message":"locked"},"jsonrpc":"2.0"}` + "\n"),
		"another version":  saying(`{"id":1,"error":{"code":2,"message":"mfad speaks protocol 1"},"jsonrpc":"2.0"}` + "\n"),
		"an older agent":   saying(`{"id":1,"error":{"code":3,"message":"bad request"},"jsonrpc":"2.0"}` + "\n"),
		"a call back":      saying(`{"jsonrpc":"2.0","method":"prompt.notice","params":{}}` + "\n" + goodAnswer),
		"garbage":          saying("HTTP/1.1 400 Bad Request\r\n\r\n"),
		"nothing":          saying(""),
		"half a line":      saying(strings.TrimSuffix(goodAnswer, "\n")),
		"over the limit":   saying(strings.Replace(goodAnswer, "t==", strings.Repeat("t", 64<<10), 1)),
		"hung":             func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) },
		"hangs up at once": func(conn net.Conn) { _ = conn.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			agent := newFakeAgent(t, answer)
			newDoor(t, []string{"MFAD_SOCKET=" + agent.socket}).handsOver("credentials", "--profile", "prod")
		})
	}
}

func TestDoorTalksToNoSocketThatIsNotOurs(t *testing.T) {
	t.Parallel()
	const stranger = 64999
	for name, spoil := range map[string]func(a fakeAgent) error{
		"no socket": func(a fakeAgent) error { return os.Remove(a.socket) },
		"no folder": func(a fakeAgent) error { return os.RemoveAll(a.dir) },
		"a file":    func(a fakeAgent) error { return errors.Join(os.Remove(a.socket), os.WriteFile(a.socket, nil, 0o600)) },
		"a link to the socket": func(a fakeAgent) error {
			return errors.Join(os.Rename(a.socket, a.socket+"2"), os.Symlink(a.socket+"2", a.socket))
		},
		"a link to the folder": func(a fakeAgent) error { return errors.Join(os.Rename(a.dir, a.dir+"2"), os.Symlink(a.dir+"2", a.dir)) },
		"an open folder":       func(a fakeAgent) error { return os.Chmod(a.dir, 0o750) },
		"a stranger's socket":  func(a fakeAgent) error { return a.giveAway(a.socket, stranger) },
		"a stranger's folder":  func(a fakeAgent) error { return a.giveAway(a.dir, stranger) },
		"a stranger listens":   func(a fakeAgent) error { return a.listenAs(stranger) },
		"nobody listens":       func(a fakeAgent) error { return a.ln.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			agent := newFakeAgent(t, saying(goodAnswer))
			d := newDoor(t, []string{"MFAD_SOCKET=" + agent.socket})
			d.serves(goodDocument+"\n", "credentials", "--profile", "prod")
			if err := spoil(agent); err != nil {
				t.Fatal(err)
			}
			d.handsOver("credentials", "--profile", "prod")
		})
	}
}

// giveAway makes a file another user's. Only root can: others spoil the folder.
func (a fakeAgent) giveAway(path string, to int) error {
	err := os.Lchown(path, to, to)
	if errors.Is(err, os.ErrPermission) {
		err = os.Chmod(a.dir, 0o701)
	}
	return err
}

// listenAs has another user's thread listen at the same path, to give the same
// answers. Only root can be another user: otherwise nobody listens.
func (a fakeAgent) listenAs(uid int) error {
	if err := errors.Join(a.ln.Close(), os.Remove(a.socket)); err != nil {
		return err
	}
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	file := os.NewFile(uintptr(fd), a.socket)
	if err := syscall.Bind(fd, &syscall.SockaddrUnix{Name: a.socket}); err != nil {
		return err
	}
	if err := proctest.AsUser(a, uid, func() error { return syscall.Listen(fd, 16) }); err != nil {
		return err
	}
	ln, err := net.FileListener(file)
	if err == nil {
		a.Cleanup(func() { _ = ln.Close() })
		go serveAnswers(ln, a.answer)
	}
	return errors.Join(err, file.Close())
}
