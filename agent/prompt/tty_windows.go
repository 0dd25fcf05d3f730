package prompt

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// deadly are the signals that end a prompt: the console must be restored first.
var deadly = []os.Signal{os.Interrupt}

// tty is a console: its keyboard and its screen.
type tty struct{ in, out *os.File }

func openTTY() (tty, error) {
	in, err := os.OpenFile("CONIN$", os.O_RDWR, 0)
	if err != nil {
		return tty{}, err
	}
	out, err := os.OpenFile("CONOUT$", os.O_RDWR, 0)
	if err != nil {
		return tty{}, errors.Join(err, in.Close())
	}
	return tty{in, out}, nil
}

func (t tty) Read(b []byte) (int, error)  { return t.in.Read(b) }
func (t tty) Write(b []byte) (int, error) { return t.out.Write(b) }
func (t tty) Close() error                { return errors.Join(t.in.Close(), t.out.Close()) }

// foreground is always true: a console has no jobs.
func (t tty) foreground() bool { return true }

// setEcho edits lines with or without showing them, and gives interrupts.
func (t tty) setEcho(echo bool) (restore restorer, err error) {
	handle := windows.Handle(t.in.Fd())
	var before uint32
	if err := windows.GetConsoleMode(handle, &before); err != nil {
		return nil, err
	}
	now := before | windows.ENABLE_LINE_INPUT | windows.ENABLE_PROCESSED_INPUT | windows.ENABLE_ECHO_INPUT
	if !echo {
		now &^= windows.ENABLE_ECHO_INPUT
	}
	if err := windows.SetConsoleMode(handle, now); err != nil {
		return nil, err
	}
	return func(typed typeAhead) {
		if typed == forget {
			_ = windows.FlushConsoleInputBuffer(handle)
		}
		_ = windows.SetConsoleMode(handle, before)
	}, nil
}

// raise ends us: an interrupt cannot be given again.
func raise(os.Signal) { os.Exit(130) }

// width is the number of columns, 80 if the console does not say.
func (t tty) width() int {
	var info windows.ConsoleScreenBufferInfo
	if windows.GetConsoleScreenBufferInfo(windows.Handle(t.out.Fd()), &info) != nil || info.Size.X <= 0 {
		return 80
	}
	return int(info.Size.X)
}
