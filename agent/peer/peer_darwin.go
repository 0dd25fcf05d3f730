package peer

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

func (p Peer) describe() (Claim, error) {
	of, err := look(p.PID)
	if err != nil {
		return Claim{}, errEnded
	}
	args := arguments(p.PID)
	if len(args) == 0 {
		args = []string{of.name}
	}
	return of.claim(p.PID, args, look), nil
}

func (p Peer) lineage() (string, error) { return lineage(p.PID, look), nil }

func look(pid int) (process, error) {
	info, err := unix.SysctlKinfoProc("kern.proc.pid", pid)
	if err != nil {
		return process{}, err
	}
	p := process{name: unix.ByteSliceToString(info.Proc.P_comm[:]), parent: int(info.Eproc.Ppid)}
	if p.session, err = unix.Getsid(pid); err != nil {
		return process{}, err
	}
	if device := info.Eproc.Tdev; device != -1 { // NODEV
		p.tty = fmt.Sprintf("ttys%03d", unix.Minor(uint64(uint32(device))))
	}
	start := info.Proc.P_starttime
	p.age = time.Since(time.Unix(start.Unix()))
	return p, nil
}

// arguments parses kern.procargs2: the count, the executable's path, zeros up
// to the first argument, then the arguments, each with its zero. The
// environment that follows is not looked at.
func arguments(pid int) []string {
	raw, err := unix.SysctlRaw("kern.procargs2", pid)
	if err != nil || len(raw) < 4 {
		return nil
	}
	count := int(binary.NativeEndian.Uint32(raw))
	_, rest, _ := bytes.Cut(raw[4:], []byte{0})
	rest = bytes.TrimLeft(rest, "\x00")
	var args []string
	for len(args) < count && len(args) <= maxCommand && len(rest) > 0 {
		var arg []byte
		arg, rest, _ = bytes.Cut(rest, []byte{0})
		args = append(args, string(arg))
	}
	return args
}
