//go:build cgo && (linux || darwin)

package pcsc

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/mfad/mfad/token"
)

// Card is a card that is connected to, in shared mode. It is for one goroutine.
type Card struct {
	service  *Service
	reader   string
	context  cContext
	handle   cHandle
	protocol uint32
	atr      []byte
	used     bool // something was sent
	gone     bool // closed, or given up
}

// Connect connects to the card in a reader. A card that another program holds
// for itself is tried again for some three seconds: then the error wraps
// token.ErrBusy and names the likely program. token.ErrNotPresent: there is no
// such reader, or no card in it. The caller closes the card.
func (s *Service) Connect(ctx context.Context, reader string) (*Card, error) {
	c, err := s.connect(ctx, reader)
	if err != nil {
		return nil, fmt.Errorf("connecting to %q: %w", reader, err)
	}
	return c, nil
}

var errImpatient = errors.New("out of patience")

func (s *Service) connect(ctx context.Context, reader string) (*Card, error) {
	ctx, stop := context.WithTimeoutCause(ctx, s.patience, errImpatient)
	defer stop()
	var last error
	for wait := 10 * time.Millisecond; ; wait = min(2*wait, 320*time.Millisecond) {
		c, err := bounded(ctx, func() (*Card, error) { return s.dial(reader, shareShared) }, (*Card).drop)
		if err == nil || !passing(err) {
			return c, err
		}
		if ctx.Err() == nil {
			last = err
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil, impatient(ctx, last)
		}
	}
}

// passing says that the same may go well in a moment: another program holds the
// card, or it was plugged in just now.
func passing(err error) bool {
	var code Code
	return errors.Is(err, errImpatient) || errors.As(err, &code) &&
		slices.Contains([]Code{codeSharingViolation, codeNotReady, codeUnresponsive, codeUnpowered, codeReset}, code)
}

// impatient is the error of what did not come to pass before ctx ended; last is
// why it was tried again, or nil when it never came back.
func impatient(ctx context.Context, last error) error {
	cause := context.Cause(ctx)
	if !errors.Is(cause, errImpatient) {
		return cause
	}
	if last != nil && !errors.Is(last, token.ErrBusy) {
		return last
	}
	return busy()
}

func busy() error {
	if who := holder(); who != "" {
		return fmt.Errorf("%w: %s", token.ErrBusy, who)
	}
	return fmt.Errorf("%w: touch it if it blinks, or end the program that uses it", token.ErrBusy)
}

// bounded runs f, which cannot be cut off, and waits for it no longer than ctx.
// What f brings when nobody waits any more is given to undo. Nobody waits for
// that either: it comes when the other program lets go, or this process ends.
func bounded[T any](ctx context.Context, f func() (T, error), undo func(T)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result)
	go func() {
		value, err := f()
		select {
		case done <- result{value, err}:
		case <-ctx.Done():
			if err == nil {
				undo(value)
			}
		}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, context.Cause(ctx)
	}
}

// dial connects to a card. pcscd makes it wait for the end of another program's
// transaction.
func (s *Service) dial(reader string, share uint32) (*Card, error) {
	context, code := establish()
	if code != codeOK {
		return nil, code
	}
	c := &Card{service: s, reader: reader, context: context}
	if c.handle, c.protocol, code = connect(context, reader, share); code != codeOK {
		release(context)
		return nil, code
	}
	if c.atr, code = atr(c.handle); code != codeOK {
		c.drop()
		return nil, code
	}
	return c, nil
}

// ATR is the card's answer to reset.
func (c *Card) ATR() []byte { return slices.Clone(c.atr) }

// Reader names the reader that the card is in.
func (c *Card) Reader() string { return c.reader }

// Close resets the card, so that nothing that was unlocked stays it, and lets
// go of it. While another program's transaction keeps it from that, it waits for
// some three seconds. A card that is not there any more is no error.
func (c *Card) Close() error {
	if c.gone {
		return nil
	}
	c.gone = true
	defer release(c.context)
	deadline := time.After(c.service.patience)
	for wait := 10 * time.Millisecond; ; wait = min(2*wait, 320*time.Millisecond) {
		if disconnect(c.handle, true) != codeSharingViolation {
			return nil
		}
		select {
		case <-time.After(wait):
		case <-deadline:
			return fmt.Errorf("resetting %q: %w", c.reader, busy())
		}
	}
}

// drop lets go of a card that was not used.
func (c *Card) drop() {
	c.gone = true
	disconnect(c.handle, false)
	release(c.context)
}
