package ctap

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// reportSize is that of a report to the host; one from the host has its number,
// 0, before it.
const reportSize = 64

// line is a pseudo terminal that passes for a hidraw node.
type line struct {
	master *os.File
	slave  int // kept open: without a slave the master reads EIO
	path   string
}

// openLine makes a raw pseudo terminal, whose reads wait for a whole report.
func openLine() (*line, error) {
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("opening a pseudo terminal: %w", err)
	}
	l := &line{master: os.NewFile(uintptr(fd), "/dev/ptmx"), slave: -1}
	if err := l.openSlave(fd); err != nil {
		l.master.Close()
		return nil, fmt.Errorf("opening a pseudo terminal: %w", err)
	}
	return l, nil
}

func (l *line) openSlave(fd int) error {
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		return err
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		return err
	}
	l.path = fmt.Sprintf("/dev/pts/%d", n)
	l.slave, err = unix.Open(l.path, unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	t, err := unix.IoctlGetTermios(l.slave, unix.TCGETS)
	if err != nil {
		unix.Close(l.slave)
		return err
	}
	t.Iflag &^= unix.IGNBRK | unix.BRKINT | unix.PARMRK | unix.ISTRIP | unix.INLCR | unix.IGNCR | unix.ICRNL | unix.IXON
	t.Oflag &^= unix.OPOST
	t.Lflag &^= unix.ECHO | unix.ECHONL | unix.ICANON | unix.ISIG | unix.IEXTEN
	t.Cflag = t.Cflag&^(unix.CSIZE|unix.PARENB) | unix.CS8
	t.Cc[unix.VMIN], t.Cc[unix.VTIME] = reportSize, 0
	if err := unix.IoctlSetTermios(l.slave, unix.TCSETS, t); err != nil {
		unix.Close(l.slave)
		return err
	}
	return nil
}

// forget drops what the host has not read. A hidraw node gives each opener a
// queue of its own; here the next one would read what the last one left.
func (l *line) forget() { _ = unix.IoctlSetInt(l.slave, unix.TCFLSH, unix.TCIFLUSH) }

// close takes the node away: whoever has it open reads EIO.
func (l *line) close() {
	l.master.Close()
	unix.Close(l.slave)
}
