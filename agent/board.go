package agent

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/mfad/mfad/agent/wire"
)

// board is what one call has to tell the person at a time: what to do goes
// before what is waited for, and the newest thing to do before the others.
type board struct {
	mu     sync.Mutex
	notice string
	acts   []*string // the newest last; pointers, for two may say the same

	drawing sync.Mutex // one at a time, so that the last word is the last shown
	shown   string     // guarded by drawing
}

// text is what is to be shown now; act is the part that a person must do.
func (b *board) text() (text, act string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if n := len(b.acts); n > 0 {
		return *b.acts[n-1], *b.acts[n-1]
	}
	return b.notice, ""
}

// add puts a thing to do on the board; remove, which may be called more than
// once, takes it off.
func (b *board) add(what string) (remove func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	act := &what
	b.acts = append(b.acts, act)
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.acts = slices.DeleteFunc(b.acts, func(a *string) bool { return a == act })
	}
}

func (b *board) setNotice(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.notice = text
}

// Notice shows a line on the terminal. A desktop gets none: they are about
// waiting, which a person who sees no terminal does not do.
func (a *asker) Notice(ctx context.Context, text string) {
	a.board.setNotice(text)
	a.draw(ctx)
}

// Act shows what to do, on the terminal or else the desktop, until done.
func (a *asker) Act(ctx context.Context, what string) (done func()) {
	if a.desk != nil {
		what = fmt.Sprintf("%s (asked by %s)", what, a.who())
	}
	remove := a.board.add(what)
	a.draw(ctx)
	return func() {
		remove()
		a.draw(context.WithoutCancel(ctx))
	}
}

// draw shows what stands on the board now.
func (a *asker) draw(ctx context.Context) {
	a.board.drawing.Lock()
	defer a.board.drawing.Unlock()
	text, act := a.board.text()
	if a.desk != nil {
		text = act
	}
	if text == a.board.shown {
		return
	}
	a.board.shown = text
	switch {
	case a.tty:
		_ = a.conn.Notify(ctx, wire.MethodPromptNotice, wire.PromptNoticeParams{Text: text})
	case a.desk != nil:
		a.desk.notice(text)
	}
}
