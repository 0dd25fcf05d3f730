package peer

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// soPeerPidfd is SO_PEERPIDFD of Linux 6.5.
const soPeerPidfd = 77

func (p Peer) describe() (c Claim, err error) {
	err = p.whileAlive(func() error {
		c, err = read(p.PID)
		return err
	})
	return c, err
}

func (p Peer) lineage() (found string, err error) {
	err = p.whileAlive(func() error {
		found = lineage(p.PID, stat)
		return nil
	})
	return found, err
}

// whileAlive has read look at /proc between taking a pidfd of the peer and seeing
// that the process it names still lives: what was read is then the peer's own.
func (p Peer) whileAlive(read func() error) error {
	pidfd := -1
	err := control(p.conn, func(fd int) (err error) {
		pidfd, err = unix.GetsockoptInt(fd, unix.SOL_SOCKET, soPeerPidfd)
		return err
	})
	switch {
	case errors.Is(err, unix.ENOPROTOOPT): // an older kernel: the claim is a little weaker
	case err != nil:
		return errEnded
	default:
		defer func() { _ = unix.Close(pidfd) }()
	}
	if err := read(); err != nil {
		return err
	}
	if pidfd >= 0 && unix.PidfdSendSignal(pidfd, 0, nil, 0) != nil {
		return errEnded
	}
	return nil
}

func read(pid int) (Claim, error) {
	line, err := readProc(pid, "/cmdline", make([]byte, maxCommand*maxArgument))
	if err != nil {
		return Claim{}, errEnded
	}
	p, err := stat(pid)
	if err != nil {
		return Claim{}, errEnded
	}
	args := strings.Split(strings.TrimSuffix(string(line), "\x00"), "\x00")
	if len(line) == 0 {
		args = []string{p.name}
	}
	return p.claim(pid, args, stat), nil
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

func stat(pid int) (process, error) {
	line, err := readProc(pid, "/stat", make([]byte, 1<<10))
	if err != nil {
		return process{}, err
	}
	p, started, err := parseStat(string(line))
	if err != nil {
		return process{}, err
	}
	p.age, err = sinceBoot(started)
	return p, err
}

// parseStat reads a line of /proc/PID/stat: pid (name) state parent group session
// terminal … and as the 22nd field the time of the start, where the name may hold
// anything, parentheses too (proc(5)).
func parseStat(line string) (p process, started int, err error) {
	_, rest, _ := strings.Cut(line, "(")
	end := strings.LastIndexByte(rest, ')')
	if end < 0 {
		return process{}, 0, errors.New("no name")
	}
	fields := strings.Fields(rest[end+1:])
	if len(fields) < 20 {
		return process{}, 0, errors.New("too few fields")
	}
	var numbers [4]int
	for i, field := range []int{1, 3, 4, 19} {
		if numbers[i], err = strconv.Atoi(fields[field]); err != nil {
			return process{}, 0, err
		}
	}
	return process{name: rest[:end], parent: numbers[0], session: numbers[1], tty: terminal(numbers[2])}, numbers[3], nil
}

// ticks is USER_HZ, the unit of times in /proc, which is 100 wherever Go runs.
const ticks = 100

// sinceBoot is how long ago a time in ticks after the boot is.
func sinceBoot(at int) (time.Duration, error) {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &now); err != nil {
		return 0, err
	}
	return time.Duration(now.Nano()) - time.Duration(at)*(time.Second/ticks), nil
}

// terminal is the name of a terminal's device below /dev; empty for none.
func terminal(device int) string {
	if device == 0 {
		return ""
	}
	const virtual, firstPTS, lastPTS = 4, 136, 143 // Documentation/admin-guide/devices.txt
	major, minor := int(unix.Major(uint64(uint32(device)))), int(unix.Minor(uint64(uint32(device))))
	switch {
	case major >= firstPTS && major <= lastPTS:
		return "pts/" + strconv.Itoa((major-firstPTS)<<8+minor)
	case major == virtual && minor < 64:
		return "tty" + strconv.Itoa(minor)
	}
	return "terminal " + strconv.Itoa(major) + ":" + strconv.Itoa(minor)
}
