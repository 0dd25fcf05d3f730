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
	// patience is how long the agent may take: its cache answers in a
	// millisecond, and mfad-cli waits for whatever takes longer.
	patience = 2 * time.Second
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
	if dial(fd, path) != nil || !send(fd, line) {
		return 0
	}
	return receive(fd, buf)
}

// dial connects fd and makes sure that one of our own is at the other end. From
// then on no step takes longer than our patience; nor does connecting, while
// the listener's queue is full.
func dial(fd int, path string) error {
	limit := syscall.NsecToTimeval(patience.Nanoseconds())
	for _, way := range []int{syscall.SO_SNDTIMEO, syscall.SO_RCVTIMEO} {
		if err := syscall.SetsockoptTimeval(fd, syscall.SOL_SOCKET, way, &limit); err != nil {
			return err
		}
	}
	if err := syscall.Connect(fd, &syscall.SockaddrUnix{Name: path}); err != nil {
		return err // also EINTR, which nobody sees but who stops and continues us
	}
	uid, _, err := socket.Peer(fd)
	if err == nil && uid != os.Getuid() {
		err = syscall.EPERM
	}
	return err
}

func send(fd int, line string) bool {
	for rest := []byte(line); len(rest) > 0; {
		n, err := syscall.Write(fd, rest)
		switch {
		case err == syscall.EINTR:
		case err != nil:
			return false
		default:
			rest = rest[n:]
		}
	}
	return true
}

func receive(fd int, buf []byte) (n int) {
	for end := time.Now().Add(patience); n < len(buf) && time.Now().Before(end); {
		more, err := syscall.Read(fd, buf[n:])
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
