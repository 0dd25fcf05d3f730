package closed

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// open is the dumpable flag of a process that others of its user may read
// (SUID_DUMP_USER in the kernel's source).
const open = 1

// elf is how a program begins that the kernel executes by itself.
const elf = "\x7fELF"

// errReadable says that an unreadable file is none for this user.
var errReadable = errors.New("this user may read every file")

func fromStart() (late, err error) {
	dumpable, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0)
	self, linkErr := os.Readlink("/proc/self/exe")
	if err = errors.Join(err, linkErr); err != nil {
		return err, traced()
	}
	again := strings.HasPrefix(self, copyPrefix)
	if again {
		name(filepath.Base(os.Args[0]))
	}
	switch {
	case dumpable == open && again:
		late = errors.New("sysctl fs.suid_dumpable keeps programs open that nobody may read")
	case dumpable == open:
		if late = restart(self); errors.Is(late, errReadable) {
			late = nil
		}
	}
	return late, traced()
}

// restart returns only when it failed.
func restart(self string) error {
	// Nobody who comes later than now can reach the copy by our descriptors.
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return err
	}
	program, err := copyOf("/proc/self/exe")
	if err != nil {
		return err
	}
	defer func() { _ = program.Close() }()
	args := append([]string{filepath.Join(filepath.Dir(self), filepath.Base(os.Args[0]))}, os.Args[1:]...)
	return os.NewSyscallError("execve", syscall.Exec(pathOf(program), args, os.Environ()))
}

func copyOf(path string) (*os.File, error) {
	program, err := create(filepath.Base(path))
	if err != nil {
		return nil, err
	}
	if err = hide(program); err == nil {
		err = fill(program, path)
	}
	if err != nil {
		return nil, errors.Join(err, program.Close())
	}
	return program, nil
}

// create makes an empty file that can be executed.
func create(called string) (*os.File, error) {
	const flags = unix.MFD_CLOEXEC | unix.MFD_ALLOW_SEALING
	fd, err := unix.MemfdCreate(called, flags|unix.MFD_EXEC)
	if errors.Is(err, unix.EINVAL) {
		fd, err = unix.MemfdCreate(called, flags) // Linux before 6.3 asks for no flag
	}
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	return os.NewFile(uintptr(fd), called), nil
}

// hide makes sure that its user cannot open the file to read.
func hide(program *os.File) error {
	chmodErr := program.Chmod(0o111)
	if read, err := os.Open(pathOf(program)); err == nil {
		return errors.Join(errReadable, read.Close())
	}
	return chmodErr
}

// fill copies the program, and seals the copy.
func fill(program *os.File, path string) error {
	from, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = from.Close() }()
	magic := make([]byte, len(elf))
	if n, _ := from.ReadAt(magic, 0); string(magic[:n]) != elf {
		return fmt.Errorf("%s is no ELF program", path)
	}
	const seals = unix.F_SEAL_WRITE | unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_SEAL
	_, copyErr := io.Copy(program, from)
	_, sealErr := unix.FcntlInt(program.Fd(), unix.F_ADD_SEALS, seals)
	return errors.Join(copyErr, os.NewSyscallError("F_ADD_SEALS", sealErr))
}

func pathOf(program *os.File) string { return "/proc/self/fd/" + strconv.Itoa(int(program.Fd())) }

// name is how ps shows this process, which it would call by a descriptor's
// number. It is for people alone: that it may fail does not matter.
func name(program string) {
	text, err := unix.BytePtrFromString(program)
	if err == nil {
		_, _, _ = unix.RawSyscall(unix.SYS_PRCTL, unix.PR_SET_NAME, uintptr(unsafe.Pointer(text)), 0)
	}
}

// traced is an error if another process traces a thread of this one: it was
// there before the kernel closed us, and still controls what we do.
func traced() error {
	threads, err := filepath.Glob("/proc/self/task/*/status")
	if err == nil && len(threads) == 0 {
		err = errors.New("/proc shows no thread")
	}
	if err != nil {
		return fmt.Errorf("looking for a tracer: %w", err)
	}
	for _, thread := range threads {
		status, err := os.ReadFile(thread)
		if errors.Is(err, os.ErrNotExist) {
			continue // the thread has ended
		}
		_, after, _ := bytes.Cut(status, []byte("\nTracerPid:"))
		tracer, _, _ := bytes.Cut(after, []byte("\n"))
		if pid := string(bytes.TrimSpace(tracer)); pid != "0" {
			return fmt.Errorf("process %s traces this one and could read its secrets: end it, or start mfad without it", pid)
		}
	}
	return nil
}
