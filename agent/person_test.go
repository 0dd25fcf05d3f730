package agent

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"sync"

	"github.com/mfad/mfad/agent/ask"
	"github.com/mfad/mfad/agent/peer"
	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/errcode"
	"github.com/mfad/mfad/internal/human"
)

// person answers prompts at the other end of a connection; a nil answer means
// that there is no terminal for the question. It keeps what was asked.
type person struct {
	secret  func(q human.Question) (answer string, dismissed bool)
	code    func(q human.Question) (answer string, dismissed bool)
	confirm func(question string) bool
	notice  func(text string)
	lineage string

	mu      sync.Mutex
	asked   []string
	warned  []string
	notices []string
	left    bool // withdrawn prompts
}

var (
	nobody      = &person{}
	_      conn = nobody
)

// knows answers every question for a secret with text.
func knows(text string) *person {
	return &person{secret: func(human.Question) (string, bool) { return text, false }}
}

func (p *person) present() bool { return p.secret != nil || p.code != nil || p.confirm != nil }

// asker is the person as the service asks them.
func (p *person) asker() *ask.Chain { return ask.New(p, ask.Options{TTY: p.present()}) }

func (p *person) Peer() peer.Peer { return peer.Peer{PID: os.Getpid()} }

func (p *person) Claim() (peer.Claim, error) {
	return peer.Claim{PID: os.Getpid(), Command: []string{"aws", "--hush", "hush"}, Parents: []string{"make", "zsh"}}, nil
}

func (p *person) Lineage() (string, error) { return cmp.Or(p.lineage, "session 1"), nil }

func (p *person) Call(_ context.Context, method string, params, result any) error {
	if method != wire.MethodPromptAsk {
		return fmt.Errorf("no such prompt: %s", method)
	}
	q, answer := params.(wire.PromptParams).Question, result.(*human.Answer)
	var text string
	var dismissed bool
	switch {
	case q.Kind == human.Secret:
		p.note("secret: " + q.What + " | " + q.Again)
		if p.secret == nil {
			return errcode.NoPrompt
		}
		text, dismissed = p.secret(q)
	case q.Kind == human.Code:
		p.note(fmt.Sprintf("code: %s %s %s %s | %s", q.Profile, q.RoleARN, q.Account, q.Serial, q.Again))
		if p.code == nil {
			return errcode.NoPrompt
		}
		text, dismissed = p.code(q)
	default:
		p.note("confirm: " + q.What)
		if p.confirm == nil {
			return errcode.NoPrompt
		}
		answer.Yes = p.confirm(q.What)
	}
	if dismissed {
		return errcode.Dismissed
	}
	answer.Text = []byte(text)
	return nil
}

func (p *person) Notify(_ context.Context, method string, params any) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch method {
	case wire.MethodPromptNotice:
		text := params.(wire.PromptNoticeParams).Text
		p.notices = append(p.notices, text)
		if p.notice != nil {
			p.notice(text)
		}
	case wire.MethodPromptWarning:
		p.warned = append(p.warned, params.(wire.WarningParams).Text)
	case wire.MethodPromptCancel:
		p.left = true
	}
	return nil
}

func (p *person) note(question string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = append(p.asked, question)
}

func (p *person) questions() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.asked...)
}
