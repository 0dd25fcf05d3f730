//go:build linux || darwin

package cached

import (
	"bytes"
	"os"
	"syscall"
	"time"

	"github.com/mfad/mfad/internal/socket"
)

const (
	// patience is how long all of it may take: the agent's cache answers in a
	// millisecond, and mfad-cli waits for whatever takes longer.
	patience = time.Second
	// maxAnswer is the longest answer, in bytes. A document has one to three
	// thousand.
	maxAnswer = 16 << 10
)

// Document asks the agent that listens on path for the document of a profile,
// and returns it with its newline, or nil when it is not in the cache. Wipe
// clears it and all that came with it; call it in any case.
func Document(path, profile, region string) (doc []byte, wipe func()) {
	buf := make([]byte, maxAnswer)
	answer := buf[:exchange(path, profile, region, buf)]
	wipe = func() { clear(answer) }
	line, complete := bytes.CutSuffix(answer, []byte("\n"))
	if !complete {
		return nil, wipe
	}
	doc, ok := document(line)
	if !ok {
		return nil, wipe
	}
	return append(doc, '\n'), wipe // over what stood behind it: buf has room
}

// exchange sends the request and fills buf with what comes, to the first
// newline; it returns how much came.
func exchange(path, profile, region string, buf []byte) int {
	line, ok := request(profile, region)
	if !ok || socket.CheckLength(path) != nil || socket.Check(path) != nil {
		return 0
	}
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		return 0
	}
	defer func() { _ = syscall.Close(fd) }()
	syscall.CloseOnExec(fd)
	c := conn{fd, time.Now().Add(patience)}
	if c.dial(path) != nil || c.send(line) != nil {
		return 0
	}
	return c.receive(buf)
}

// conn is a socket and the time at which we ask no more.
type conn struct {
	fd  int
	end time.Time
}

// hurry bounds the next step of a kind, SO_SNDTIMEO or SO_RCVTIMEO, by the time
// that is left.
func (c conn) hurry(kind int) error {
	left := time.Until(c.end)
	if left < time.Microsecond { // zero would be no bound
		return syscall.ETIMEDOUT
	}
	limit := syscall.NsecToTimeval(left.Nanoseconds())
	return syscall.SetsockoptTimeval(c.fd, syscall.SOL_SOCKET, kind, &limit)
}

// dial connects and makes sure that one of our own is at the other end. It waits
// while the listener's queue is full.
func (c conn) dial(path string) error {
	if err := c.hurry(syscall.SO_SNDTIMEO); err != nil {
		return err
	}
	if err := syscall.Connect(c.fd, &syscall.SockaddrUnix{Name: path}); err != nil {
		return err // also EINTR, which nobody sees but who stops and continues us
	}
	uid, _, err := socket.Peer(c.fd)
	if err == nil && uid != os.Getuid() {
		err = syscall.EPERM
	}
	return err
}

func (c conn) send(line string) error {
	for rest := []byte(line); len(rest) > 0; {
		if err := c.hurry(syscall.SO_SNDTIMEO); err != nil {
			return err
		}
		n, err := syscall.Write(c.fd, rest)
		if err != nil && err != syscall.EINTR {
			return err
		}
		rest = rest[max(n, 0):]
	}
	return nil
}

func (c conn) receive(buf []byte) (n int) {
	for n < len(buf) && c.hurry(syscall.SO_RCVTIMEO) == nil {
		more, err := syscall.Read(c.fd, buf[n:])
		switch {
		case err == syscall.EINTR:
		case err != nil, more == 0:
			return n
		default:
			if n += more; bytes.IndexByte(buf[n-more:n], '\n') >= 0 {
				return n
			}
		}
	}
	return n
}
