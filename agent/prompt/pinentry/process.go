package pinentry

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"time"
)

// conn is a pinentry that runs.
type conn struct {
	assuan
	cmd  *exec.Cmd
	stop func() bool   // watching the context
	left chan struct{} // closed when the end of the context was seen to
}

// farewell is how long a pinentry may take to end by itself.
const farewell = time.Second

// start runs a program until end is called. When ctx ends before, the program
// is asked to go, and what is read from it ends.
func start(ctx context.Context, program string, env []string) (*conn, error) {
	theirs, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer func() { _ = theirs.Close() }()
	out, theirOut, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, in.Close())
	}
	defer func() { _ = theirOut.Close() }()
	cmd := exec.Command(program)
	cmd.Stdin, cmd.Stdout = theirs, theirOut
	cmd.Env, cmd.Dir = env, root
	apart(cmd)
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(err, in.Close(), out.Close())
	}
	c := &conn{assuan: assuan{in: in, out: out}, cmd: cmd, left: make(chan struct{})}
	c.stop = context.AfterFunc(ctx, func() {
		defer close(c.left)
		terminate(cmd) // lets it give a terminal back as it was
		c.giveUp()     // whether it obeys or not
	})
	return c, nil
}

// end has the pinentry go, with all that it started, and waits for it.
func (c *conn) end() {
	if !c.stop() {
		<-c.left
	}
	defer c.wipe()
	_ = c.send("BYE", "")
	_ = c.in.Close()
	_ = c.out.SetReadDeadline(time.Now().Add(farewell))
	_, _ = io.Copy(io.Discard, c.out)
	kill(c.cmd) // the group: a script's children too. Its number is ours until Wait.
	_ = c.cmd.Wait()
	_ = c.out.Close()
}
