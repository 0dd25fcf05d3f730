package tokentest

import (
	"net"
	"runtime"

	"golang.org/x/sys/unix"
)

// thread is a thread of the system, in a network namespace of its own if that
// is allowed: pcscd is started from it and its readers are dialled from it, for
// vpcd listens on every address. pcscd dies with it, however the program ends.
type thread struct {
	work chan func()
	done chan struct{}
	own  bool // its network is its own
}

func startThread() *thread {
	t := &thread{work: make(chan func()), done: make(chan struct{})}
	ready := make(chan struct{})
	go func() {
		defer close(t.done)
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		t.own = unix.Unshare(unix.CLONE_NEWNET) == nil && loopbackUp() == nil
		close(ready)
		for f := range t.work {
			f()
		}
	}()
	<-ready
	return t
}

// do runs f on the thread and waits for it.
func (t *thread) do(f func()) {
	done := make(chan struct{})
	t.work <- func() { defer close(done); f() }
	<-done
}

// dial connects to a port of the loopback interface of the thread.
func (t *thread) dial(port int) (conn *net.TCPConn, err error) {
	t.do(func() {
		conn, err = net.DialTCP("tcp4", nil, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
	})
	return conn, err
}

func (t *thread) close() {
	close(t.work)
	<-t.done
}

func loopbackUp() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	request, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	request.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	return unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, request)
}

// quickAck is a wish; without it all goes slower.
func quickAck(conn net.Conn) {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) {
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_QUICKACK, 1)
	})
}
