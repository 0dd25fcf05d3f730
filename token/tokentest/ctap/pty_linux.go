package ctap

import (
	"errors"
	"fmt"
	"os"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// reportSize is that of a report to the host; one from the host has its number,
// 0, before it.
const reportSize = 64

// line is a pseudo terminal that passes for a hidraw node.
type line struct {
	master *os.File
	slave  *os.File // kept open: without a slave the master reads EIO
	path   string
}

// openLine makes a raw pseudo terminal, whose reads wait for a whole report.
func openLine() (*line, error) {
	master, slave, err := pty.Open()
	if err != nil {
		return nil, fmt.Errorf("opening a pseudo terminal: %w", err)
	}
	l := &line{master: master, slave: slave, path: slave.Name()}
	// The library takes the master's Fd, which makes its reads outlast close.
	if err := errors.Join(unix.SetNonblock(int(master.Fd()), true), makeRaw(slave)); err != nil {
		l.close()
		return nil, fmt.Errorf("opening a pseudo terminal: %w", err)
	}
	return l, nil
}

func makeRaw(slave *os.File) error {
	fd := int(slave.Fd())
	t, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return err
	}
	t.Iflag &^= unix.IGNBRK | unix.BRKINT | unix.PARMRK | unix.ISTRIP | unix.INLCR | unix.IGNCR | unix.ICRNL | unix.IXON
	t.Oflag &^= unix.OPOST
	t.Lflag &^= unix.ECHO | unix.ECHONL | unix.ICANON | unix.ISIG | unix.IEXTEN
	t.Cflag = t.Cflag&^(unix.CSIZE|unix.PARENB) | unix.CS8
	t.Cc[unix.VMIN], t.Cc[unix.VTIME] = reportSize, 0
	return unix.IoctlSetTermios(fd, unix.TCSETS, t)
}

// forget drops what the host has not read. A hidraw node gives each opener a
// queue of its own; here the next one would read what the last one left.
func (l *line) forget() { _ = unix.IoctlSetInt(int(l.slave.Fd()), unix.TCFLSH, unix.TCIFLUSH) }

// close takes the node away: whoever has it open reads EIO.
func (l *line) close() {
	l.master.Close()
	l.slave.Close()
}
