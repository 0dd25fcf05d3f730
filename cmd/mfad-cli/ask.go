package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/mfad/mfad/agent/prompt"
	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/human"
)

// terminal is where the person is; nil when there is none. It is opened once.
func (c *cli) terminal() *prompt.Terminal {
	if !c.sought {
		c.sought = true
		c.tty, _ = prompt.Open() // without one nobody is asked, and what needed it says so
	}
	return c.tty
}

// prompter answers the agent's questions; nil when nobody can.
func (c *cli) prompter() human.Prompter {
	terminal := c.terminal()
	switch {
	case c.passphraseStdin && c.lines == nil:
		c.lines = &linesPrompter{Prompter: nobody{}, lines: bufio.NewReader(c.in), pins: c.pinStdin}
		if terminal != nil {
			c.lines.Prompter = terminal
		}
		fallthrough
	case c.passphraseStdin:
		return c.lines
	case terminal == nil:
		return nil
	}
	return terminal
}

// requireVault refuses before a person is asked for what only a vault can
// keep: the console shows a secret once, and it should not have to be pasted
// twice.
func (c *cli) requireVault(ctx context.Context) error {
	return c.call(ctx, wire.MethodVaultShow, nil, nil)
}

var errDismissed = &fault{errors.New("nothing was answered"), exitPerson, noHint}

// askSecret asks on the terminal, without echo. The caller wipes the answer.
func (c *cli) askSecret(ctx context.Context, what string) ([]byte, error) {
	terminal := c.terminal()
	if terminal == nil {
		return nil, errNoTerminal
	}
	answer, err := terminal.Ask(ctx, human.Question{Kind: human.Secret, What: what})
	switch {
	case errors.Is(err, human.ErrDismissed):
		return nil, errDismissed
	case err != nil:
		return nil, err
	}
	return bytes.TrimSpace(answer.Text), nil
}

var errNoTerminal = &fault{
	errors.New("there is no terminal to ask on"), exitPerson,
	"Run the same in a terminal, or give the answer on standard input.",
}

// askLine asks with echo, on the terminal that standard input is.
func (c *cli) askLine(ctx context.Context, what string) (string, error) {
	if c.tty != nil {
		c.tty.Settle()
	}
	if _, err := fmt.Fprintf(c.err, "%s: ", what); err != nil {
		return "", err
	}
	type answer struct {
		line string
		err  error
	}
	answered := make(chan answer, 1)
	go func() { // it ends with the process when nobody answers
		line, err := bufio.NewReader(c.in).ReadString('\n')
		answered <- answer{line, err}
	}()
	select {
	case <-ctx.Done():
		return "", context.Cause(ctx)
	case a := <-answered:
		if a.err != nil {
			return "", errDismissed
		}
		return strings.TrimSpace(a.line), nil
	}
}

// nobody is a prompter where there is no terminal.
type nobody struct{}

func (nobody) Ask(context.Context, human.Question) (human.Answer, error) {
	return human.Answer{}, prompt.ErrNoTerminal
}

func (nobody) Notice(string) {}

// linesPrompter answers questions for secrets with the lines of a reader, in
// turn, for scripts; when there are no more, the question is dismissed. Other
// questions go to the terminal, if there is one.
type linesPrompter struct {
	human.Prompter
	lines *bufio.Reader
	// refused is why the last line would not do, when no other followed it.
	refused string
	// pins says that the next line may be a PIN: before one has answered a
	// question for a passphrase, it is the passphrase unless a token was chosen.
	pins bool
}

// errNotThePIN has the agent ask on for the passphrase, as of a token that is
// not there.
var errNotThePIN = errors.New("standard input is for the passphrase, not for a PIN")

// Ask implements [human.Prompter].
func (p *linesPrompter) Ask(ctx context.Context, q human.Question) (human.Answer, error) {
	if q.Kind != human.Secret {
		return p.Prompter.Ask(ctx, q)
	}
	secret, err := p.next(q)
	if err == nil && len(secret) == 0 {
		p.refused, err = q.Again, human.ErrDismissed
	}
	return human.Answer{Text: secret}, err
}

// next takes the next line. A question that comes again means that the line
// before was wrong, and is answered by the next one; but not a token's, whose
// tries are few: that line may be meant for something else. So may the first.
func (p *linesPrompter) next(q human.Question) ([]byte, error) {
	if q.Token != "" && q.Again != "" {
		return nil, nil
	}
	if q.Tries > 0 && !p.pins {
		return nil, errNotThePIN
	}
	p.pins = true
	line, err := p.lines.ReadSlice('\n')
	defer clear(line)
	if errors.Is(err, bufio.ErrBufferFull) {
		return nil, errors.New("a line of standard input is too long for a passphrase")
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("reading standard input: %w", err)
	}
	return bytes.Clone(bytes.TrimRight(line, "\r\n")), nil
}
