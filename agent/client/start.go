package client

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/durable"
	"github.com/mfad/mfad/internal/pause"
	"github.com/mfad/mfad/internal/sibling"
	"github.com/mfad/mfad/internal/socket"
)

// startTime is how long an agent may take until it listens.
const startTime = 15 * time.Second

// summon connects to an agent that somebody starts: the caller that gets the
// start lock does, the others try to connect until it listens.
func summon(ctx context.Context, o Options) (*net.UnixConn, error) {
	if o.NoStart {
		return nil, ErrNoAgent
	}
	ctx, cancel := context.WithTimeoutCause(ctx, startTime+5*time.Second, errors.New("nobody listens after 20 s"))
	defer cancel()
	dir := filepath.Dir(o.Socket)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("%w: making the socket's folder: %w", ErrNotStarted, err)
	}
	if err := socket.CheckFolder(dir); err != nil {
		return nil, err
	}
	var between pause.Growing
	for {
		lock, err := durable.TryLock(filepath.Join(dir, "start.lock"))
		if err == nil {
			return startLocked(ctx, o, lock)
		}
		if !errors.Is(err, durable.ErrLocked) {
			return nil, fmt.Errorf("%w: %w", ErrNotStarted, err)
		}
		if err := between.Wait(ctx); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrNotStarted, err)
		}
		if conn, err := connect(ctx, o.Socket); !absent(err) {
			return conn, err
		}
	}
}

// startLocked starts the agent, unless one listens by now, and gives the lock
// back.
func startLocked(ctx context.Context, o Options, lock *durable.Lock) (*net.UnixConn, error) {
	defer func() { _ = lock.Unlock() }()
	if conn, err := connect(ctx, o.Socket); !absent(err) {
		return conn, err
	}
	failure := start(ctx, o)
	conn, err := connect(ctx, o.Socket)
	if err != nil && failure != nil {
		// Had another agent come up meanwhile, ours would have failed for it.
		return nil, fmt.Errorf("%w: %w", ErrNotStarted, failure)
	}
	return conn, err
}

// start runs the agent apart from us, and returns when it listens.
func start(ctx context.Context, o Options) error {
	program, err := Program(o.Agent)
	if err != nil {
		return err
	}
	log, err := openLog(o.Log)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	ready, theirs, err := os.Pipe()
	if err != nil {
		return err
	}
	defer func() { _ = ready.Close() }()

	cmd := exec.Command(program)
	cmd.Dir = root()
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Env = o.Env
	if cmd.Env == nil {
		cmd.Env = ScrubEnv(os.Environ())
	}
	fd := detach(cmd, theirs)
	cmd.Env = append(cmd.Env, wire.SocketVariable+"="+o.Socket, wire.ReadyVariable+"="+strconv.FormatUint(uint64(fd), 10))
	err = cmd.Start()
	_ = theirs.Close()
	if err != nil {
		return err
	}
	if err := await(ctx, ready, o.Log); err != nil {
		_ = cmd.Process.Kill() // it may hang; a second one could not start then
		_ = cmd.Wait()
		return err
	}
	return cmd.Process.Release()
}

// await reads the agent's one line.
func await(ctx context.Context, ready *os.File, log string) error {
	end := time.Now().Add(startTime)
	if d, ok := ctx.Deadline(); ok && d.Before(end) {
		end = d
	}
	_ = ready.SetReadDeadline(end) // where a pipe has none, the agent's end ends the wait
	stop := context.AfterFunc(ctx, func() { _ = ready.SetReadDeadline(time.Now()) })
	defer stop()
	line, err := bufio.NewReader(io.LimitReader(ready, 4<<10)).ReadString('\n')
	line = strings.TrimSpace(line)
	switch {
	case line == wire.ReadyLine:
		return nil
	case line != "":
		return errors.New(line)
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("it does not listen after %v: see %s", startTime, log)
	}
	return fmt.Errorf("it ended at once: see %s", log)
}

// Program finds the agent's program: as told, else mfad-agent beside our own
// executable, else in PATH.
func Program(told string) (string, error) {
	if told != "" {
		return told, nil
	}
	return sibling.Find("mfad-agent")
}

// root is the folder that keeps no file system from being unmounted.
func root() string { return filepath.VolumeName(os.TempDir()) + string(filepath.Separator) }
