package credproc

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/mfad/mfad/internal/human"
)

// board is what work tells those who wait for it: what is to do, what is waited
// for, and who is asked where. Each who waits looks at it when something has
// changed, in their own time, and sees what stands there then: what is over by
// then is told to nobody.
type board struct {
	mu      sync.Mutex
	text    string // the notice
	waiting string // what is waited for, if a request gives up
	acts    []*string
	open    []*openQuestion
	seen    map[Asker]*sight
}

// openQuestion is a question that somebody is asked now.
type openQuestion struct {
	asker   Asker
	subject string
	place   string
}

// sight is what one who waits has seen.
type sight struct {
	looking         sync.Mutex
	notice, waiting string
	acts            map[*string]func() // how each is taken back
}

func newBoard() *board { return &board{seen: make(map[Asker]*sight)} }

// notice replaces what is waited for.
func (b *board) notice(text string) (remove func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.text = text
	if text != "" {
		b.waiting = text
	}
	return func() {}
}

// waitingFor replaces what a request says that gives up.
func (b *board) waitingFor(what string) (remove func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiting = what
	return func() {}
}

// act adds something to do.
func (b *board) act(what string) (remove func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	act := &what
	b.acts = append(b.acts, act)
	b.waiting = waitingForYou(what)
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.acts = slices.DeleteFunc(b.acts, func(a *string) bool { return a == act })
	}
}

// asked notes that somebody is asked something.
func (b *board) asked(asker Asker, q human.Question) (remove func()) {
	place := "elsewhere"
	if places := human.PlacesOf(asker); len(places) > 0 {
		place = places[0].String()
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	open := &openQuestion{asker, q.Subject(), place}
	b.open = append(b.open, open)
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.open = slices.DeleteFunc(b.open, func(o *openQuestion) bool { return o == open })
	}
}

// show tells one who waits what has changed since they looked last.
func (b *board) show(ctx context.Context, a Asker) {
	seen := b.sightOf(a)
	seen.looking.Lock()
	defer seen.looking.Unlock()
	now := b.look(a)
	for act, done := range seen.acts {
		if !slices.Contains(now.acts, act) {
			done()
			delete(seen.acts, act)
		}
	}
	for _, act := range now.acts {
		if seen.acts[act] == nil {
			seen.acts[act] = a.Act(ctx, *act)
		}
	}
	if now.notice != seen.notice {
		seen.notice = now.notice
		a.Notice(ctx, now.notice)
	}
	if now.waiting != seen.waiting && now.waiting != "" {
		seen.waiting = now.waiting
		waitingFor(a, now.waiting)
	}
}

// view is what stands on the board for one who waits.
type view struct {
	notice, waiting string
	acts            []*string
}

func (b *board) sightOf(a Asker) *sight {
	b.mu.Lock()
	defer b.mu.Unlock()
	seen := b.seen[a]
	if seen == nil {
		seen = &sight{acts: make(map[*string]func())}
		b.seen[a] = seen
	}
	return seen
}

func (b *board) look(a Asker) view {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := view{b.text, b.waiting, slices.Clone(b.acts)}
	if others := b.othersLocked(a); others != "" {
		now.notice, now.waiting = others, others
	}
	return now
}

// othersLocked says who is asked where; empty when nobody is, or a is asked too.
func (b *board) othersLocked(a Asker) string {
	places := make(map[string]bool)
	for _, open := range b.open {
		if open.asker == a {
			return ""
		}
		places[open.place] = true
	}
	if len(places) == 0 {
		return ""
	}
	where := strings.Join(slices.Sorted(maps.Keys(places)), ", and ")
	return "waiting for an answer, asked " + where + ": " + b.open[0].subject
}
