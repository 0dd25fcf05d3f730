package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/mfad/mfad/internal/durable"
	"github.com/mfad/mfad/internal/socket"
)

// ErrRunning says that another agent serves, or is about to serve, the socket.
var ErrRunning = errors.New("server: another mfad-agent is running")

// Listener is the agent's socket, and the proof that there is no other agent
// on it. Closing it ends listening and removes the socket; the proof is held
// until Release, so that the next agent waits until this one has let go of its
// stores.
type Listener struct {
	*net.UnixListener
	path  string
	lock  *durable.Lock
	close func() error
}

// handover is how long a new agent waits for one that no longer listens.
const handover = 5 * time.Second

// Listen makes the socket in its folder, which must be ours and closed to
// others, and is made if it is missing; or takes over the one that a service
// manager hands in (systemd's LISTEN_FDS), whose path must be the same. Exactly
// one of any number of callers succeeds, the others get an error that wraps
// [ErrRunning]; only when the holder has stopped listening, Listen waits for
// its Release, five seconds at most.
func Listen(path string) (*Listener, error) {
	if err := socket.CheckLength(path); err != nil {
		return nil, err
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the socket's folder: %w", err)
	}
	if err := socket.CheckFolder(dir); err != nil {
		return nil, err
	}
	inherited, err := inherit(path)
	if err != nil {
		return nil, err
	}
	lock, err := exclude(path, inherited != nil)
	if err != nil {
		if inherited != nil {
			_ = inherited.Close()
		}
		return nil, err
	}
	ln := inherited
	if ln == nil {
		if ln, err = bind(path); err != nil {
			_ = lock.Unlock()
			return nil, err
		}
	}
	return &Listener{UnixListener: ln, path: path, lock: lock, close: sync.OnceValue(ln.Close)}, nil
}

// Path is where the agent listens.
func (l *Listener) Path() string { return l.path }

// Close stops listening and removes the socket. It may be called again.
func (l *Listener) Close() error { return l.close() }

// Release closes the listener and lets another agent start. Call it last.
func (l *Listener) Release() error { return errors.Join(l.Close(), l.lock.Unlock()) }

// exclude takes the lock that makes the agent the only one. The file says who
// holds it, for the error of the others.
func exclude(path string, inherited bool) (*durable.Lock, error) {
	name := filepath.Join(filepath.Dir(path), "agent.lock")
	lock, err := durable.TryLock(name)
	// The holder is starting or stopping as long as nobody answers.
	for end := time.Now().Add(handover); errors.Is(err, durable.ErrLocked) && time.Now().Before(end); {
		if !inherited && answers(path) {
			break
		}
		lock, err = await(name)
	}
	if errors.Is(err, durable.ErrLocked) {
		pid, _ := os.ReadFile(name)
		return nil, fmt.Errorf("%w (pid %s)", ErrRunning, bytes.TrimSpace(pid))
	}
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(name, fmt.Appendln(nil, os.Getpid()), 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("naming the holder of the agent's lock: %w", err), lock.Unlock())
	}
	return lock, nil
}

// await tries for the lock for a moment.
func await(name string) (*durable.Lock, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	return durable.AwaitLock(ctx, name)
}

// answers tells whether somebody listens on path.
func answers(path string) bool {
	conn, err := net.Dial("unix", path)
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}

// bind makes the socket. The lock is ours, so what stands at path is a
// leftover; the folder is closed, so nobody sees the socket before its mode is
// set.
func bind(path string) (*net.UnixListener, error) {
	if info, err := os.Lstat(path); err == nil && info.IsDir() {
		return nil, fmt.Errorf("%s is a folder: set MFAD_SOCKET to another path", path)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("removing the socket of an agent that ended: %w", err)
	}
	ln, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("making the agent's socket: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("closing the agent's socket to others: %w", err), ln.Close())
	}
	if err := shorten(ln); err != nil {
		return nil, errors.Join(fmt.Errorf("shortening the socket's queue: %w", err), ln.Close())
	}
	return ln, nil
}
