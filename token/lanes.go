package token

import (
	"context"
	"slices"
	"strings"
	"sync"
)

// SerialLanes are the lanes of the token with a serial, or of whatever else a
// call names it by; when that is empty, those of any such token. A token has one
// of sixteen, so that a call which may be for any token can take all of them.
func SerialLanes(serial string) []string {
	if serial == "" {
		return anyLane
	}
	return []string{strings.ToLower(serial[len(serial)-1:])}
}

var anyLane = strings.Split("0123456789abcdef", "")

// lanes let one call at a time through for each name.
type lanes struct {
	mu    sync.Mutex
	names map[string]*lane
}

type lane struct {
	turn  chan struct{}
	users int // in it or before it; guarded by lanes.mu
}

// enter waits for all the names, or for ctx, whose cause it returns. leave
// gives them back.
func (l *lanes) enter(ctx context.Context, names []string) (leave func(), err error) {
	// All callers take them in one order: nobody waits for one who waits for him.
	names = slices.Clone(names)
	slices.Sort(names)
	names = slices.Compact(names)
	var entered []string
	leave = func() {
		for _, name := range entered {
			l.leave(name)
		}
	}
	for _, name := range names {
		if err := l.join(ctx, name); err != nil {
			leave()
			return nil, err
		}
		entered = append(entered, name)
	}
	return leave, nil
}

func (l *lanes) join(ctx context.Context, name string) error {
	l.mu.Lock()
	if l.names == nil {
		l.names = make(map[string]*lane)
	}
	one := l.names[name]
	if one == nil {
		one = &lane{turn: make(chan struct{}, 1)}
		l.names[name] = one
	}
	one.users++
	l.mu.Unlock()
	select {
	case one.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		l.part(name)
		return context.Cause(ctx)
	}
}

func (l *lanes) leave(name string) {
	l.mu.Lock()
	turn := l.names[name].turn
	l.mu.Unlock()
	<-turn
	l.part(name)
}

// part forgets a lane that nobody uses.
func (l *lanes) part(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	one := l.names[name]
	if one.users--; one.users == 0 {
		delete(l.names, name)
	}
}
