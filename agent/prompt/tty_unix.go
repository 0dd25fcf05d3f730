//go:build linux || darwin

package prompt

import (
	"errors"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// deadly are the signals that end a prompt: the terminal must be restored first.
var deadly = []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT}

// tty is a terminal device.
type tty struct{ *os.File }

func openTTY() (tty, error) {
	f, err := os.OpenFile("/dev/tty", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return tty{}, err
	}
	t := tty{f}
	if !t.foreground() {
		_ = f.Close()
		return tty{}, errors.New("this job runs in the background")
	}
	return t, nil
}

// control runs f on the descriptor and leaves its mode alone.
func (t tty) control(f func(fd int) error) error {
	raw, err := t.SyscallConn()
	if err != nil {
		return err
	}
	var inner error
	if err := raw.Control(func(fd uintptr) { inner = f(int(fd)) }); err != nil {
		return err
	}
	return inner
}

// foreground tells whether the terminal takes our input: a job in the
// background that reads is stopped, and would hang.
func (t tty) foreground() bool {
	var group int
	err := t.control(func(fd int) (err error) {
		group, err = unix.IoctlGetInt(fd, unix.TIOCGPGRP)
		return err
	})
	return err == nil && group == unix.Getpgrp()
}

// setEcho edits lines with or without showing them, and gives signals. What
// was typed before the question is thrown away.
func (t tty) setEcho(echo bool) (restore restorer, err error) {
	var before *unix.Termios
	err = t.control(func(fd int) (err error) {
		if before, err = unix.IoctlGetTermios(fd, getTermios); err != nil {
			return err
		}
		now := *before
		now.Lflag |= unix.ICANON | unix.ISIG | unix.ECHO
		now.Iflag |= unix.ICRNL
		if !echo {
			now.Lflag &^= unix.ECHO
		}
		return unix.IoctlSetTermios(fd, setTermiosFlush, &now)
	})
	if err != nil {
		return nil, err
	}
	return func(typed typeAhead) {
		how := uint(setTermios)
		if typed == forget {
			how = setTermiosFlush
		}
		_ = t.control(func(fd int) error { return unix.IoctlSetTermios(fd, how, before) })
	}, nil
}

// raise gives us a signal again.
func raise(s os.Signal) {
	if s, ok := s.(syscall.Signal); ok {
		_ = syscall.Kill(os.Getpid(), s)
	}
}

// width is the number of columns, 80 if the terminal does not say.
func (t tty) width() int {
	columns := 80
	_ = t.control(func(fd int) error {
		if size, err := unix.IoctlGetWinsize(fd, unix.TIOCGWINSZ); err == nil && size.Col > 0 {
			columns = int(size.Col)
		}
		return nil
	})
	return columns
}
