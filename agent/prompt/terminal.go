// Package prompt asks the person on the terminal: for secrets without echo,
// for MFA codes, for yes or no, with a line that tells what is waited for.
//
// It talks to the controlling terminal and never to the standard streams,
// which belong to the document and to the SDK that runs us. What the agent
// says is shown, never obeyed: control characters are made visible. Beyond the
// terminal it knows words alone: the rooms below ask on desktops with them.
package prompt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"unicode/utf8"

	"github.com/mfad/mfad/internal/human"
	"github.com/mfad/mfad/internal/lane"
)

// ErrNoTerminal says that there is no terminal on which a person could answer
// now: none at all, or one whose foreground belongs to another job.
var ErrNoTerminal = errors.New("prompt: no terminal")

// errInterrupted is an interrupt during a prompt.
var errInterrupted = errors.New("prompt: interrupted")

// Terminal asks on the controlling terminal. Its methods may be called from
// several goroutines; prompts that come at the same time are asked in turn.
type Terminal struct {
	tty  tty
	turn lane.Lane // whose prompt it is

	// One read is outstanding at most. A prompt that is withdrawn leaves its read
	// behind, and the next prompt takes it over.
	lines   chan line
	reading bool // guarded by turn

	silence silence

	mu     sync.Mutex // guards what follows, and writing
	asking bool
	notice string // shown, or to be shown when the prompt is done
	shown  bool
}

var _ human.Prompter = (*Terminal)(nil)

type line struct {
	text []byte
	err  error
}

// Open finds the controlling terminal. The error wraps [ErrNoTerminal].
func Open() (*Terminal, error) {
	t, err := openTTY()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoTerminal, err)
	}
	return newTerminal(t), nil
}

func newTerminal(t tty) *Terminal {
	return &Terminal{tty: t, turn: lane.New(), lines: make(chan line, 1)}
}

// Close takes the notice away and lets the terminal go. Prompts have returned
// before: their contexts end first.
func (t *Terminal) Close() error {
	t.Notice("")
	t.silence.end()
	return t.tty.Close()
}

// Settle says that there is a verdict on the last secret, or none to come: the
// terminal shows again what is typed. Close and the next prompt say so too.
func (t *Terminal) Settle() { t.silence.end() }

// ask runs one prompt, in its turn: echo says whether what is typed is seen.
// Conversation reads answers with read; the terminal is as before when ask
// returns, whatever ended it.
func (t *Terminal) ask(ctx context.Context, echo bool, conversation func(read reader) error) error {
	if err := t.turn.Enter(ctx); err != nil {
		return err
	}
	defer t.turn.Leave()
	if !t.tty.foreground() {
		return fmt.Errorf("%w: this job runs in the background: bring it to the foreground with fg and run it again", ErrNoTerminal)
	}
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, deadly...)
	earlier := t.silence.take()
	restore, err := t.tty.setEcho(echo)
	if earlier != nil {
		restore = earlier // to how it was before the first of these prompts
	}
	if err != nil {
		if earlier != nil {
			restore(forget)
		}
		signal.Stop(interrupts)
		return fmt.Errorf("%w: %w", ErrNoTerminal, err)
	}
	t.clearForPrompt()
	defer t.afterPrompt()
	err = conversation(func(question string) ([]byte, error) {
		return t.read(ctx, interrupts, echo, question)
	})
	if err == nil && !echo {
		t.silence.begin(restore, interrupts)
		return nil
	}
	signal.Stop(interrupts)
	// An answer to what is asked no more is nobody else's.
	restore(typeAhead(ctx.Err() != nil))
	return err
}

// A restorer puts the terminal's mode back.
type restorer func(typeAhead)

// typeAhead is what becomes of what was typed and not yet read.
type typeAhead bool

const (
	keep   typeAhead = false
	forget typeAhead = true
)

// reader shows a question and reads the line that answers it, without its
// newline. An interrupt is errInterrupted, the end of input io.EOF, and the
// end of the prompt's context its cause. The caller wipes the line.
type reader func(question string) ([]byte, error)

func (t *Terminal) read(ctx context.Context, interrupts <-chan os.Signal, echo bool, question string) ([]byte, error) {
	t.write(question)
	if !t.reading {
		t.reading = true
		go func() { t.lines <- t.readLine() }()
	}
	select {
	case got := <-t.lines:
		t.reading = false
		if !echo || got.err != nil {
			t.write("\n") // the person's own newline was not shown
		}
		return got.text, got.err
	case <-interrupts:
		t.write("\n")
		return nil, errInterrupted
	case <-ctx.Done():
		t.write("\n")
		return nil, context.Cause(ctx)
	}
}

// maxLine is what the terminal's line editing can hold (termios(3), N_TTY_BUF_SIZE).
const maxLine = 4096

// readLine is one line without its end. The terminal edits lines, so that one
// read is one line; an empty read is its end-of-file key.
func (t *Terminal) readLine() line {
	buf := make([]byte, maxLine)
	n, err := t.tty.Read(buf)
	if n == 0 && err == nil {
		err = io.EOF
	}
	if err != nil {
		clear(buf)
		return line{err: err}
	}
	for n > 0 && (buf[n-1] == '\n' || buf[n-1] == '\r') {
		n--
	}
	return line{text: buf[:n]}
}

func (t *Terminal) write(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, _ = io.WriteString(t.tty, text) // a terminal that is gone shows nothing
}

// Notice shows a line until the next one; an empty text takes it away. While a
// prompt is open, it waits for the prompt to end.
func (t *Terminal) Notice(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.notice = Visible(text)
	if !t.asking {
		t.drawLocked()
	}
}

// eraseLine goes to the line's begin and erases it (ECMA-48, EL).
const eraseLine = "\r\x1b[K"

// drawLocked makes the terminal show the notice, in one line that does not wrap.
func (t *Terminal) drawLocked() {
	var out string
	if t.shown {
		out = eraseLine
	}
	t.shown = t.notice != ""
	if t.shown {
		out += fit(t.notice, t.tty.width())
	}
	if out != "" {
		_, _ = io.WriteString(t.tty, out)
	}
}

func (t *Terminal) clearForPrompt() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.asking = true
	if t.shown {
		_, _ = io.WriteString(t.tty, eraseLine)
		t.shown = false
	}
}

func (t *Terminal) afterPrompt() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.asking = false
	if t.notice != "" {
		t.drawLocked()
	}
}

// fit cuts text to a line of the width, with room for the cursor.
func fit(text string, width int) string {
	if width < 2 || utf8.RuneCountInString(text) < width {
		return text
	}
	return string([]rune(text)[:width-2]) + "…"
}
