package pinentry

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/mfad/mfad/agent/prompt"
	"github.com/mfad/mfad/internal/human"
)

// What a pinentry may say of a question, without the source of the error in
// the upper half (libgpg-error, err-codes.h).
const (
	codeTimeout        = 62
	codeCanceled       = 99
	codeNotConfirmed   = 114
	codeFullyCanceled  = 198 // the window was closed
	codeUnknownCommand = 275
	codeUnknownOption  = 174
)

// session is one conversation with a pinentry.
type session struct {
	conn *conn
	// prompt.Choose says why it asks again where no error can come of it.
	failed error
}

// begin waits for the greeting and says where and how to ask.
func (s *session) begin(ctx context.Context, p *Pinentry) error {
	if _, err := s.conn.answer(quick); err != nil {
		return err
	}
	options := []string{"no-grab", "lc-ctype=" + locale(p.Desktop), "lc-messages=" + locale(p.Desktop)}
	if p.TTY != "" {
		options = append(options, "ttyname="+p.TTY)
		if p.TTYType != "" {
			options = append(options, "ttytype="+p.TTYType)
		}
	}
	for _, option := range options {
		if err := s.optional("OPTION", option); err != nil {
			return err
		}
	}
	// So no agent that dies leaves a window behind for long. A second more than
	// ours: it is we who say why.
	if end, ok := ctx.Deadline(); ok {
		seconds := int(time.Until(end)/time.Second) + 1
		if err := s.optional("SETTIMEOUT", strconv.Itoa(max(seconds, 1))); err != nil {
			return err
		}
	}
	if err := s.optional("SETKEYINFO", "--clear"); err != nil { // nothing to remember
		return err
	}
	return s.set("SETTITLE", "mfad")
}

// introduce says what the question is about. Text is shown harmless.
func (s *session) introduce(text, again string, facts []prompt.Fact) error {
	if err := s.describe(brief(text), facts); err != nil || again == "" {
		return err
	}
	return s.set("SETERROR", brief(again))
}

// describe shows a text that is fit to be shown, and the facts below it.
func (s *session) describe(text string, facts []prompt.Fact) error {
	var b strings.Builder
	b.WriteString(text)
	for _, fact := range facts {
		if fact.Text != "" {
			fmt.Fprintf(&b, "\n%s: %s", fact.Name, brief(fact.Text))
		}
	}
	return s.set("SETDESC", b.String())
}

// maxText bounds one text in runes, so that none of them, however long, pushes
// the others out of the line that all must fit in, or off the screen.
const maxText = 120

func brief(text string) string {
	text = prompt.Visible(text)
	if runes := []rune(text); len(runes) > maxText {
		return string(runes[:maxText-1]) + "…"
	}
	return text
}

// complain says why the next question comes.
func (s *session) complain(why string) { s.failed = s.set("SETERROR", why) }

// secret asks for what stands in the field, which the caller wipes.
func (s *session) secret(what string) ([]byte, error) {
	if s.failed != nil {
		return nil, s.failed
	}
	if err := s.set("SETPROMPT", brief(what)+":"); err != nil {
		return nil, err
	}
	if err := s.conn.send("GETPIN", ""); err != nil {
		return nil, err
	}
	answer, err := s.conn.answer(forever)
	if err != nil {
		clear(answer)
		return nil, verdict(err)
	}
	return answer, s.set("SETERROR", "") // of the question before
}

// confirm is nil if the button yes was pressed.
func (s *session) confirm(yes, no string) error {
	if err := errors.Join(s.set("SETOK", yes), s.set("SETCANCEL", no)); err != nil {
		return err
	}
	if err := s.conn.send("CONFIRM", ""); err != nil {
		return err
	}
	_, err := s.conn.answer(forever)
	return verdict(err)
}

// message waits until the person has read what was introduced.
func (s *session) message() error {
	if err := s.conn.send("MESSAGE", ""); err != nil {
		return err
	}
	_, err := s.conn.answer(forever)
	return verdict(err)
}

// verdict is what a refused question means.
func verdict(err error) error {
	refusal, ok := errors.AsType[*refusalError](err)
	if !ok {
		return err
	}
	switch refusal.code {
	case codeCanceled, codeFullyCanceled, codeNotConfirmed:
		return human.ErrDismissed
	case codeTimeout:
		return errors.New("nobody answered in time")
	}
	return err
}

// set runs a command that changes what is shown.
func (s *session) set(command, text string) error {
	if err := s.conn.send(command, text); err != nil {
		return err
	}
	_, err := s.conn.answer(quick)
	return err
}

// optional is set for what not every pinentry knows.
func (s *session) optional(command, text string) error {
	err := s.set(command, text)
	if refusal, ok := errors.AsType[*refusalError](err); ok &&
		(refusal.code == codeUnknownCommand || refusal.code == codeUnknownOption) {
		return nil
	}
	return err
}
