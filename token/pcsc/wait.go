//go:build cgo && (linux || darwin)

package pcsc

import (
	"context"
	"fmt"
	"time"
)

// pnp is the reader that is none: its state changes when a reader comes or goes.
const pnp = `\\?PnP?\Notification`

// maxStates is how many states libpcsclite takes at once. It knows as many
// readers: with all of them there, none can come.
const maxStates = 16

// cancelEvery: SCardCancel does nothing to a wait that has not quite begun.
const cancelEvery = 10 * time.Millisecond

// Changed waits until the state differs from seen, and returns it. It wakes up
// for events alone. When ctx ends it returns an error that wraps the context's
// cause at once. When pcscd goes away meanwhile it goes on with the new one, if
// there is one, and else fails with token.ErrNoService.
func (s *Service) Changed(ctx context.Context, seen State) (State, error) {
	var now State
	wait := func(c cContext) (err error) {
		now, err = changed(ctx, c, seen)
		return err
	}
	err := s.with(wait)
	if serviceGone(err) {
		err = s.with(wait)
	}
	if err != nil {
		return State{}, fmt.Errorf("waiting for a token: %w", err)
	}
	return now, nil
}

func changed(ctx context.Context, c cContext, seen State) (State, error) {
	for {
		if ctx.Err() != nil {
			return State{}, context.Cause(ctx)
		}
		now, err := state(c)
		if err != nil || now.differs(seen) {
			return now, err
		}
		if err := event(ctx, c, now); err != nil {
			return State{}, err
		}
	}
}

// event waits until something is not as now any more, whatever it is.
func event(ctx context.Context, c cContext, now State) error {
	names, states := now.names, append([]uint32(nil), now.raw...)
	if len(names) < maxStates {
		names = append(names[:len(names):len(names)], pnp)
		states = append(states, 0)
	}
	done := make(chan Code, 1)
	go func() { done <- statusChange(c, infinite, joined(names), states) }()
	var code Code
	select {
	case code = <-done:
	case <-ctx.Done():
		code = cancelled(c, done)
	}
	switch code {
	case codeOK, codeTimeout, codeUnknownReader:
		return nil
	case codeCancelled:
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return nil
	}
	return code
}

// cancelled cancels a wait until it has ended.
func cancelled(c cContext, done <-chan Code) Code {
	again := time.NewTicker(cancelEvery)
	defer again.Stop()
	for {
		cancel(c)
		select {
		case code := <-done:
			return code
		case <-again.C:
		}
	}
}
