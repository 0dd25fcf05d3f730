package token

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"github.com/sourcegraph/jsonrpc2"
)

// message is any object of JSON-RPC 2.0.
type message struct {
	Version string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id,omitempty"`
	Method  string          `json:"method,omitempty"`
	Params  json.RawMessage `json:"params,omitempty"`
	Result  json.RawMessage `json:"result,omitempty"`
	Error   *jsonrpc2.Error `json:"error,omitempty"`
}

// process is a mfad-token that runs. finish must be called.
type process struct {
	cmd           *exec.Cmd
	in, out, says *os.File // our ends of its standard streams
	stream        *Stream

	messages chan message // closed when no more come; why is in fault then
	fault    error        // io.EOF when it closed its output
	said     chan string  // gets the end of what it wrote to stderr
}

// conduit is the two pipes as one.
type conduit struct {
	io.ReadCloser
	io.Writer
}

// start runs the program.
func start(program *program, env []string) (*process, error) {
	p := &process{cmd: program.command(), messages: make(chan message), said: make(chan string, 1)}
	p.cmd.Env = env
	apart(p.cmd)
	err := p.spawn()
	runtime.KeepAlive(program) // its file is what was executed
	if err != nil {
		return nil, err
	}
	p.stream = NewStream(conduit{p.out, p.in})
	go p.read()
	go func() { p.said <- tail(p.says) }()
	return p, nil
}

// spawn makes the streams and starts the program; after an error none is left.
func (p *process) spawn() error {
	var files []*os.File
	stream := func(input bool) (ours, its *os.File, err error) {
		ours, its, err = private(input)
		if err == nil {
			files = append(files, ours, its)
		}
		return ours, its, err
	}
	var stdin, stdout, stderr *os.File
	var err error
	if p.in, stdin, err = stream(true); err == nil {
		if p.out, stdout, err = stream(false); err == nil {
			p.says, stderr, err = stream(false)
		}
	}
	if err == nil {
		p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = stdin, stdout, stderr
		if err = p.cmd.Start(); err == nil {
			files = []*os.File{stdin, stdout, stderr}
		} else {
			err = unstarted(p.cmd.Args[0], err)
		}
	}
	for _, f := range files {
		_ = f.Close()
	}
	return err
}

// read passes on what the program says, until it says no more or nonsense.
func (p *process) read() {
	defer close(p.messages)
	for {
		var m message
		if p.fault = p.stream.ReadObject(&m); p.fault != nil {
			return
		}
		p.messages <- m
	}
}

// send writes to the program, which may have stopped to read: then the write
// ends after a time, or when the pipe is closed.
func (p *process) send(m message, within time.Duration) error {
	m.Version = "2.0"
	_ = p.in.SetWriteDeadline(time.Now().Add(within)) // where pipes have none, the end of the call closes it
	return p.stream.WriteObject(m)
}

// finish has the program end: by itself within grace when its input ends, else
// it and all of its group are killed. Nothing of it is left afterwards. It
// returns the end of what it wrote to stderr.
func (p *process) finish(grace time.Duration) (stderr string) {
	_ = p.in.Close()
	patience := time.NewTimer(grace)
	defer patience.Stop()
	for open := true; open; {
		select {
		case m, more := <-p.messages:
			clear(m.Result)
			open = more
		case <-patience.C:
			open = false
		}
	}
	// The output ends when the program does, whose status is set by then.
	kill(p.cmd)
	_ = p.cmd.Wait() // its state is what counts
	_ = p.out.Close()
	for m := range p.messages {
		clear(m.Result)
	}
	// A process that left the group may hold the pipe still.
	_ = p.says.SetReadDeadline(time.Now().Add(time.Second))
	stderr = <-p.said
	_ = p.says.Close()
	return stderr
}

// ended is the error of a program that ended before it answered; finish has
// been called.
func (p *process) ended(stderr string) error {
	if err := unloaded(stderr); err != nil {
		return err
	}
	how := "it ended before it answered (" + p.cmd.ProcessState.String() + ")"
	if line := lastLine(stderr); line != "" {
		how += ": " + line
	}
	return fmt.Errorf("%w: %s", ErrHelper, how)
}

// tail reads r to its end and keeps the last bytes of it.
func tail(r io.Reader) string {
	const most = 4 << 10
	var kept []byte
	buf := make([]byte, most)
	for {
		n, err := r.Read(buf)
		kept = append(kept, buf[:n]...)
		kept = kept[max(0, len(kept)-most):]
		if err != nil {
			return string(kept)
		}
	}
}

func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return printable(text[strings.LastIndexByte(text, '\n')+1:])
}
