package ask

import (
	"slices"
	"sync"
)

// board is what one call has to tell the person at a time: what to do goes
// before what is waited for, and the newest thing to do before the others.
type board struct {
	mu     sync.Mutex
	notice string
	acts   []*string // the newest last; pointers, for two may say the same

	drawing sync.Mutex // one at a time, so that the last word is the last shown
}

// words are what stands on a board: the newest thing to do, if there is any, and
// what is waited for.
type words struct{ act, notice string }

func (b *board) words() words {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := words{notice: b.notice}
	if n := len(b.acts); n > 0 {
		now.act = *b.acts[n-1]
	}
	return now
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
