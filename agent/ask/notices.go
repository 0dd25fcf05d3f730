package ask

import (
	"slices"
	"sync"
)

// notices are what one call has to tell the person, one at a time: what to do goes
// before what is waited for, and the newest thing to do before the others.
type notices struct {
	mu     sync.Mutex
	notice string
	acts   []*string // the newest last; pointers, for two may say the same

	drawing sync.Mutex // one at a time, so that the last word is the last shown
}

// words are what is to be shown: the newest thing to do, if there is any, and what
// is waited for.
type words struct{ act, notice string }

func (n *notices) words() words {
	n.mu.Lock()
	defer n.mu.Unlock()
	now := words{notice: n.notice}
	if last := len(n.acts) - 1; last >= 0 {
		now.act = *n.acts[last]
	}
	return now
}

// add adds a thing to do; remove, which may be called more than once, takes it
// back.
func (n *notices) add(what string) (remove func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	act := &what
	n.acts = append(n.acts, act)
	return func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.acts = slices.DeleteFunc(n.acts, func(a *string) bool { return a == act })
	}
}

func (n *notices) setNotice(text string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.notice = text
}
