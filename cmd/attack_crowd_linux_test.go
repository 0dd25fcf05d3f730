package cmd_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// crowdVariable makes the test binary one of a crowd: SOCKET:HOW:CONNECTIONS.
const crowdVariable = "MFAD_TEST_CROWD"

// A crowd is processes of our own user that want nobody else to be served.
type crowd struct {
	name        string
	how         string
	processes   int
	connections int // of each
}

// crowds are the attacks of the table in docs/figures.md.
var crowds = []crowd{
	{"nobody", "idle", 0, 0},
	{"idle, 1 process", "idle", 1, 2000},
	{"idle, 8 processes", "idle", 8, 250},
	{"idle, 10 processes", "idle", 10, 200},
	{"idle, 40 processes", "idle", 40, 50},
	{"idle and back when closed, 40 processes", "back", 40, 50},
	{"byte by byte, 10 processes", "loris", 10, 200},
	{"reconnecting, 30 processes", "storm", 30, 60},
	{"half-closed, 10 processes", "half", 10, 200},
	{"reading no answer, 10 processes", "mute", 10, 5},
	{"calls that wait, 10 processes", "wait", 10, 60},
}

// playCrowd makes this process one of a crowd, if it is to be.
func playCrowd() bool {
	fields := strings.Split(os.Getenv(crowdVariable), ":")
	if len(fields) != 3 {
		return false
	}
	n, err := strconv.Atoi(fields[2])
	if err != nil {
		panic(err)
	}
	end := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		close(end)
	}()
	switch how := fields[1]; how {
	case "storm":
		fmt.Println("here")
		storm(fields[0], n, end)
	case "loris":
		loris(fields[0], n, end)
	default:
		var here sync.WaitGroup
		here.Add(n)
		for range n {
			go func() {
				once := sync.OnceFunc(here.Done)
				for crowdOnce(fields[0], how, once, end) {
				}
			}()
		}
		here.Wait()
		fmt.Println("here")
		<-end
	}
	return true
}

// storm opens its connections, closes all, and begins again.
func storm(socket string, n int, end chan struct{}) {
	for {
		var fds []int
		for range n {
			fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
			if err == nil {
				_ = syscall.Connect(fd, &syscall.SockaddrUnix{Name: socket}) // waits for room in the queue
				fds = append(fds, fd)
			}
		}
		for _, fd := range fds {
			_ = syscall.Close(fd)
		}
		select {
		case <-end:
			return
		default:
		}
	}
}

// loris sends a byte of a request on each of its connections, in turn, and makes
// those that were closed anew.
func loris(socket string, n int, end chan struct{}) {
	conns := make([]net.Conn, n)
	round := time.NewTicker(20 * time.Millisecond)
	for i := 0; ; i++ {
		for at, conn := range conns {
			if conn != nil {
				if _, err := conn.Write([]byte{statusCall[i%(len(statusCall)-1)]}); err == nil {
					continue
				}
				_ = conn.Close()
			}
			conns[at], _ = net.Dial("unix", socket)
		}
		if i == 0 {
			fmt.Println("here")
		}
		select {
		case <-end:
			return
		case <-round.C:
		}
	}
}

const statusCall = `{"jsonrpc":"2.0","id":1,"method":"status","params":{"v":2,"client":"x","tty":false}}` + "\n"

// crowdOnce is the life of one connection; it tells whether there is to be another.
func crowdOnce(socket, how string, here func(), end chan struct{}) (back bool) {
	defer here()
	conn, err := net.Dial("unix", socket)
	if err != nil {
		return true // the queue is full
	}
	defer conn.Close()
	switch how {
	case "half":
		_, _ = io.WriteString(conn, statusCall)
		_ = conn.(*net.UnixConn).CloseWrite()
	case "mute":
		for range 500 {
			if _, err := io.WriteString(conn, statusCall); err != nil {
				return true
			}
			here()
		}
	case "wait":
		_, _ = io.WriteString(conn, strings.Replace(statusCall, "status", "vault.unlock", 1))
	}
	here()
	closed := make(chan struct{})
	if how != "mute" {
		go func() { _, _ = io.Copy(io.Discard, conn); close(closed) }()
	}
	select {
	case <-end:
		return false
	case <-closed:
		if how == "idle" || how == "half" {
			<-end
		}
		return how == "back" || how == "wait"
	}
}

// gather starts a crowd, and returns when all of it is there.
func (h *home) gather(c crowd) (disperse func()) {
	h.Helper()
	self := must(os.Executable())(h.TB)
	var ends []func()
	for range c.processes {
		cmd := exec.Command(self)
		how := fmt.Sprintf("%s:%s:%d", h.path(".local/state/mfad/run/agent.sock"), c.how, c.connections)
		cmd.Env = append(os.Environ(), crowdVariable+"="+how)
		in := must(cmd.StdinPipe())(h.TB)
		out := must(cmd.StdoutPipe())(h.TB)
		if err := cmd.Start(); err != nil {
			h.Fatal(err)
		}
		ends = append(ends, func() {
			_ = in.Close()
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		})
		if line, err := bufio.NewReader(out).ReadString('\n'); line != "here\n" {
			h.Errorf("a process of the crowd says %q, %v", line, err)
		}
	}
	disperse = sync.OnceFunc(func() {
		for _, end := range ends {
			end()
		}
	})
	h.Cleanup(disperse)
	return disperse
}

// dialAgent is a raw connection to the agent.
func (h *home) dialAgent() *net.UnixConn {
	h.Helper()
	for {
		conn, err := net.Dial("unix", h.path(".local/state/mfad/run/agent.sock"))
		if err == nil {
			h.Cleanup(func() { _ = conn.Close() })
			return conn.(*net.UnixConn)
		}
		if !errors.Is(err, syscall.EAGAIN) {
			h.Fatal(err)
		}
	}
}

// attack is one home under attack: a subtest for each crowd.
func attack(t *testing.T, each func(*testing.T, *home)) {
	t.Helper()
	h := newHome(t).furnish()
	h.do("", "credentials", "--profile", "prod")
	for _, c := range crowds {
		t.Run(c.name, func(t *testing.T) {
			defer h.gather(c)()
			each(t, h)
		})
	}
}
