package peer

import (
	"errors"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// soPeerPidfd is SO_PEERPIDFD of Linux 6.5.
const soPeerPidfd = 77

// describe reads /proc between taking a pidfd of the peer and seeing that the
// process it names still lives: what was read is then the peer's own.
func (p Peer) describe() (Claim, error) {
	pidfd := -1
	err := control(p.conn, func(fd int) (err error) {
		pidfd, err = unix.GetsockoptInt(fd, unix.SOL_SOCKET, soPeerPidfd)
		return err
	})
	switch {
	case errors.Is(err, unix.ENOPROTOOPT): // an older kernel: the claim is a little weaker
	case err != nil:
		return Claim{}, errEnded
	default:
		defer func() { _ = unix.Close(pidfd) }()
	}
	c, err := read(p.PID)
	if err != nil {
		return Claim{}, err
	}
	if pidfd >= 0 && unix.PidfdSendSignal(pidfd, 0, nil, 0) != nil {
		return Claim{}, errEnded
	}
	return c, nil
}

func read(pid int) (Claim, error) {
	line, err := readProc(pid, "/cmdline", make([]byte, maxCommand*maxArgument))
	if err != nil {
		return Claim{}, errEnded
	}
	name, parent, err := stat(pid)
	if err != nil {
		return Claim{}, errEnded
	}
	args := strings.Split(strings.TrimSuffix(string(line), "\x00"), "\x00")
	if len(line) == 0 {
		args = []string{name}
	}
	return Claim{PID: pid, Command: command(args), Parents: ancestors(parent, stat)}, nil
}

// readProc reads the beginning of a file of /proc/PID, as much as fits into
// buf. This runs for each connection, and os.ReadFile takes twice the time.
func readProc(pid int, name string, buf []byte) ([]byte, error) {
	fd, err := unix.Open("/proc/"+strconv.Itoa(pid)+name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = unix.Close(fd) }()
	n, err := unix.Read(fd, buf)
	return buf[:max(n, 0)], err
}

// stat is a process's name and parent, of /proc/PID/stat: pid (name) state
// parent …, where the name may hold anything, parentheses too (proc(5)).
func stat(pid int) (name string, parent int, err error) {
	line, err := readProc(pid, "/stat", make([]byte, 1<<10))
	if err != nil {
		return "", 0, err
	}
	text := string(line)
	open, end := strings.IndexByte(text, '('), strings.LastIndexByte(text, ')')
	if open < 0 || end < open {
		return "", 0, errors.New("no name")
	}
	fields := strings.Fields(text[end+1:])
	if len(fields) < 2 {
		return "", 0, errors.New("no parent")
	}
	parent, err = strconv.Atoi(fields[1])
	return text[open+1 : end], parent, err
}
