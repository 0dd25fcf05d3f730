//go:build cgo && (linux || darwin)

package piv

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/mfad/mfad/token"
)

// How long a token may make a person wait.
var touchDeadline = token.TouchLimit // shorter in tests

// Applet is the PIV applet of a token that is plugged in, and the person who
// stands before it.
type Applet struct {
	Token  token.Token // Place is its reader
	Person token.Person
}

// operation is one call of this package.
type operation struct {
	reader string
	token  token.Token  // for the person
	person token.Person // nil if nobody is asked

	// touches tells how long from now a touch may be awaited without a word.
	touches chan time.Duration
}

func newOperation(a Applet) *operation {
	t := a.Token
	return &operation{
		reader: t.Place, person: a.Person, touches: make(chan time.Duration, 1),
		token: token.Token{Serial: t.Serial, Model: t.Model, Version: t.Version, Place: t.Place},
	}
}

// run has f work in a goroutine and tells the person of touches meanwhile. It
// returns when f is done or ctx is; f then goes on alone, and must share
// nothing with the caller but what the caller reads after success.
func (o *operation) run(ctx context.Context, f func() error) error {
	select {
	case <-o.touches: // of the last run, which was over before it was heard of
	default:
	}
	done := make(chan error, 1)
	atWork.Go(func() { done <- guarded(f) })
	var tell, late <-chan time.Time
	for {
		select {
		case err := <-done:
			return err
		case <-ctx.Done():
			return ctx.Err()
		case silence := <-o.touches:
			tell, late = time.After(silence), time.After(touchDeadline)
		case <-tell:
			defer o.person.Await(ctx, token.Waiting{For: token.AwaitTouch, Token: o.token})()
			tell = nil
		case <-late:
			return token.ErrTouch
		}
	}
}

// atWork are the operations that tokens work on. Their callers may have gone.
var atWork sync.WaitGroup

// Idle returns what is closed when no token is at an operation any more: one
// whose context has ended goes on until the token gives up on the touch. None
// must begin meanwhile.
func Idle() <-chan struct{} {
	idle := make(chan struct{})
	go func() {
		atWork.Wait()
		close(idle)
	}()
	return idle
}

// guarded makes an error of a panic: piv-go indexes some answers unseen.
func guarded(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: an answer that cannot be read: %v", token.ErrUnsupported, r)
		}
	}()
	return f()
}

// hold has f work with the token's PIV applet, held exclusively meanwhile.
// What [operation.run] says of f holds. It wipes the secret, if any, when that
// is over, which may be after hold returns.
func (o *operation) hold(ctx context.Context, secret []byte, f func(*card) error) error {
	return o.run(ctx, func() error {
		defer clear(secret)
		return o.withCard(ctx, f)
	})
}

// expectTouch says that what follows may wait for a touch: so likely that the
// person is told after that silence.
func (o *operation) expectTouch(silence time.Duration) {
	select {
	case o.touches <- silence:
	default: // one is expected already
	}
}
