//go:build unix

package client

import (
	"errors"
	"net"
	"os"
	"syscall"
	"time"
)

// refused: a socket file that nobody listens on.
func refused(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }

// queueFull: Linux does not wait for room in the queue of a non-blocking socket.
func queueFull(err error) bool { return errors.Is(err, syscall.EAGAIN) }

// queue waits in the kernel, first come first served, until the listener's queue has
// room; for as long as told.
func queue(path string, most time.Duration) (*net.UnixConn, error) {
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	syscall.CloseOnExec(fd)
	file := os.NewFile(uintptr(fd), path)
	defer func() { _ = file.Close() }()
	limit := syscall.NsecToTimeval(most.Nanoseconds())
	if err := syscall.SetsockoptTimeval(fd, syscall.SOL_SOCKET, syscall.SO_SNDTIMEO, &limit); err != nil {
		return nil, os.NewSyscallError("setsockopt", err)
	}
	if err := syscall.Connect(fd, &syscall.SockaddrUnix{Name: path}); err != nil {
		return nil, os.NewSyscallError("connect", err)
	}
	conn, err := net.FileConn(file)
	if err != nil {
		return nil, err
	}
	return conn.(*net.UnixConn), nil
}

// reset: the agent closed the connection.
func reset(err error) bool {
	return errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET)
}
