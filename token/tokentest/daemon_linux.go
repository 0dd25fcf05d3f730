package tokentest

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// The system's parts, where distributions put them.
var (
	daemonPaths = []string{"pcscd", "/usr/sbin/pcscd", "/usr/local/sbin/pcscd", "/sbin/pcscd"}
	driverGlobs = []string{
		"/usr/lib/pcsc/drivers/serial/libifdvpcd.so",
		"/usr/lib64/pcsc/drivers/serial/libifdvpcd.so",
		"/usr/lib/*/pcsc/drivers/serial/libifdvpcd.so",
		"/usr/local/lib/pcsc/drivers/serial/libifdvpcd.so",
	}
)

// runDir must exist for pcscd, which writes its pid there, whoever starts it.
const runDir = "/run/pcscd"

// daemon is a running pcscd.
type daemon struct {
	cmd  *exec.Cmd
	log  string
	done chan struct{} // closed when it has ended
}

func findDaemon() (string, error) {
	for _, name := range daemonPaths {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("pcscd is %w: apt install pcscd (Fedora: pcsc-lite)", ErrMissing)
}

func findDriver() (string, error) {
	for _, glob := range driverGlobs {
		if found, _ := filepath.Glob(glob); len(found) > 0 {
			return found[0], nil
		}
	}
	return "", fmt.Errorf("vpcd, pcscd's driver of virtual readers, is %w: apt install vsmartcard-vpcd", ErrMissing)
}

// boot is what becomes pcscd. It covers /run, where the namespace is its own,
// so that the machine's pcscd keeps its pid file; sd_listen_fds(3) wants the
// process id, which only the child knows.
const boot = `if [ "$1" = private ] && mount -t tmpfs none /run 2>/dev/null; then mkdir /run/pcscd; fi
shift
LISTEN_FDS=1 LISTEN_PID=$$ exec "$@"`

// startDaemon starts a pcscd with the readers of config, at a new socket. Call
// it on the service's thread.
func startDaemon(program, socket, config, log string) (*daemon, error) {
	listener, err := listen(socket)
	if err != nil {
		return nil, err
	}
	defer listener.Close()
	output, err := os.Create(log)
	if err != nil {
		return nil, err
	}
	defer output.Close()
	var cmd *exec.Cmd
	for _, space := range spaces() {
		kind := "shared"
		if space.Cloneflags|space.Unshareflags != 0 {
			kind = "private"
		} else {
			_ = os.MkdirAll(runDir, 0o755) // pcscd says so if it cannot do without
		}
		cmd = exec.Command("/bin/sh", "-c", boot, "boot", kind, program, "-f", "-c", config)
		cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}
		cmd.Dir = "/"
		cmd.ExtraFiles = []*os.File{listener}
		cmd.Stdout, cmd.Stderr = output, output
		cmd.SysProcAttr = space
		if err = cmd.Start(); err == nil {
			break
		}
	}
	if err != nil {
		return nil, fmt.Errorf("starting pcscd: %w", err)
	}
	d := &daemon{cmd: cmd, log: log, done: make(chan struct{})}
	go func() {
		defer close(d.done)
		_ = cmd.Wait() // how it ended tells nothing; its log does
	}()
	return d, nil
}

// spaces are the ways to start pcscd, the most private first. A signal ends it
// with the thread that started it; a group of its own keeps it from the
// terminal's signals.
func spaces() []*syscall.SysProcAttr {
	plain := func() *syscall.SysProcAttr {
		return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	}
	private := plain()
	if os.Geteuid() == 0 {
		private.Unshareflags = syscall.CLONE_NEWNS
	} else {
		private.Cloneflags = syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS
		private.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}}
		private.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}}
	}
	return []*syscall.SysProcAttr{private, plain()}
}

// listen binds the socket anew and returns the only descriptor of it, so that
// nobody listens when pcscd is dead.
func listen(socket string) (*os.File, error) {
	if err := os.Remove(socket); err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: socket, Net: "unix"})
	if err != nil {
		return nil, err
	}
	defer l.Close()
	l.SetUnlinkOnClose(false)
	return l.File()
}

// kill ends it at once and waits until it is gone.
func (d *daemon) kill() {
	_ = d.cmd.Process.Kill() // an error: it is gone
	<-d.done
	// Where /run is shared: a pid that is nobody's must not be left.
	file := filepath.Join(runDir, "pcscd.pid")
	if pid, err := os.ReadFile(file); err == nil && strings.Trim(string(pid), " \n\x00") == strconv.Itoa(d.cmd.Process.Pid) {
		_ = os.Remove(file)
	}
}

// complaint is what it logged.
func (d *daemon) complaint() string {
	text, _ := os.ReadFile(d.log)
	return strings.Join(strings.Fields(string(text)), " ")
}
