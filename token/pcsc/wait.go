//go:build cgo && (linux || darwin)

package pcsc

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// pnp is the reader that is none: its state changes when a reader comes or goes.
const pnp = `\\?PnP?\Notification`

// maxStates is how many states libpcsclite takes at once. It knows as many
// readers: with all of them there, none can come.
const maxStates = 16

// cancelEvery: SCardCancel does nothing to a wait that has not quite begun.
const cancelEvery = 10 * time.Millisecond

// calm is the least time between two looks. Another program that uses a card
// is an event too, and not every system is as patient as it is asked to be.
const calm = 20 * time.Millisecond

// Changed waits until the state differs from seen, and returns it. It is woken
// up by events and does not poll. When ctx ends it returns an error that wraps
// the context's cause at once. When pcscd goes away meanwhile it goes on with
// the new one, if there is one, and else fails with token.ErrNoService.
func (s *Service) Changed(ctx context.Context, seen State) (State, error) {
	var now State
	wait := func(c cContext) (err error) {
		now, err = s.changed(ctx, c, seen)
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

func (s *Service) changed(ctx context.Context, c cContext, seen State) (State, error) {
	for ; ; pause(ctx, calm) {
		now, err := state(c)
		if err != nil || now.differs(seen) {
			return now, err
		}
		if err := s.event(ctx, c, now); err != nil {
			return State{}, err
		}
		if now, err = state(c); err != nil || now.differs(seen) {
			return now, err
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// event waits until something is not as now any more, whatever it is.
func (s *Service) event(ctx context.Context, c cContext, now State) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	names, states := now.names, append([]uint32(nil), now.raw...)
	if len(names) < maxStates {
		names = append(names[:len(names):len(names)], pnp)
		states = append(states, 0)
	}
	done := make(chan Code, 1)
	go func() { done <- statusChange(c, infinite, joined(names), states) }()
	code := s.await(ctx, c, done, now.names)
	switch {
	case code == codeCancelled && ctx.Err() != nil:
		return context.Cause(ctx)
	case code == codeOK, code == codeTimeout, code == codeUnknownReader, code == codeCancelled:
		return nil
	}
	return code
}

// await waits for a wait that runs. A reader that comes just before it has begun
// goes unnoticed: for its libpcsclite the reader was always there. So it looks
// twice, soon after and well after.
func (s *Service) await(ctx context.Context, c cContext, done <-chan Code, names []string) Code {
	for _, after := range []time.Duration{calm, time.Second} {
		look := time.NewTimer(after)
		defer look.Stop()
		select {
		case code := <-done:
			return code
		case <-ctx.Done():
			return cancelled(c, done)
		case <-look.C:
			if there, err := s.Readers(); err == nil && !slices.Equal(there, names) {
				return cancelled(c, done)
			}
		}
	}
	select {
	case code := <-done:
		return code
	case <-ctx.Done():
		return cancelled(c, done)
	}
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
