package peer

import (
	"bytes"
	"encoding/binary"

	"golang.org/x/sys/unix"
)

func (p Peer) describe() (Claim, error) {
	name, parent, err := look(p.PID)
	if err != nil {
		return Claim{}, errEnded
	}
	args := arguments(p.PID)
	if len(args) == 0 {
		args = []string{name}
	}
	return Claim{PID: p.PID, Command: command(args), Parents: ancestors(parent, look)}, nil
}

func look(pid int) (name string, parent int, err error) {
	info, err := unix.SysctlKinfoProc("kern.proc.pid", pid)
	if err != nil {
		return "", 0, err
	}
	return unix.ByteSliceToString(info.Proc.P_comm[:]), int(info.Eproc.Ppid), nil
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
