package credproc

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/mfad/mfad/internal/human"
)

// How often a request is tried. The deadline of whoever waits bounds them all.
const (
	maxTries   = 5 // without a code: busy or out of reach
	maxUnsent  = 4 // with a code that did not leave
	maxRefused = 3 // typed codes that AWS refuses
	maxSpent   = 2 // codes that AWS may have seen, for nothing
	// typedLife is for how long a typed code that did not leave is worth sending.
	typedLife = 20 * time.Second
)

// What a person is told who is asked for a code again.
const (
	againRefused = "AWS refused that code"
	againSpent   = "AWS did not answer, and may have used up that code: wait for the next one"
	againStale   = "AWS could not be reached while that code was good"
)

// withoutCode sends a request that can be repeated, until AWS has time for it.
func (x *exchange) withoutCode(ctx context.Context, session send) (Credentials, error) {
	for try := 1; ; try++ {
		waitingFor(x.ask, "waiting for AWS")
		creds, err := session(ctx, MFA{})
		limit := maxTries
		if errors.Is(err, ErrUnsent) {
			limit = maxUnsent
		}
		if err == nil || !mayGoAway(err) || try == limit || ctx.Err() != nil {
			return creds, asUnavailable(err)
		}
		failed(x.ask, err)
		waitingFor(x.ask, "waiting to try again")
		if pause(ctx, try) != nil {
			return Credentials{}, asUnavailable(err)
		}
	}
}

// attempts counts what became of the codes of one exchange.
type attempts struct {
	unsent, refused, spent int
}

// withCode sends a request with a code of the stage's device. A code that AWS
// may have seen is never sent again: the next one is taken, when AWS answers again
// what needs no code, which probe asks.
func (x *exchange) withCode(ctx context.Context, session send, probe func(context.Context) error) (Credentials, error) {
	var (
		tries attempts
		again string
	)
	for {
		waitingFor(x.ask, "waiting for a code of MFA device "+x.serial().Text)
		code, err := x.codes.Code(ctx, CodeRequest{x.purpose(), again, x.client.Time}, x.ask)
		if err != nil {
			return Credentials{}, err
		}
		turns := x.skew.turns.Load()
		waitingFor(x.ask, "waiting for AWS")
		creds, err := x.sendCode(ctx, code, session)
		if err == nil || ctx.Err() != nil {
			return creds, err
		}
		learned := x.skew.turns.Load() != turns
		var more bool
		again, more = tries.verdict(err, code.Typed, learned)
		if !more && tries.mistyped(err, code.Typed) && human.Blame(x.ask, tries.explain(err, true)) {
			tries.refused, again, more = 0, "", true // for whoever else is asked
		}
		if !more {
			return Credentials{}, tries.explain(asUnavailable(err), code.Typed)
		}
		failed(x.ask, err)
		if errors.Is(err, ErrCodeRefused) {
			continue
		}
		waitingFor(x.ask, "waiting for AWS to answer again")
		if pause(ctx, tries.unsent+tries.spent) != nil {
			return Credentials{}, asUnavailable(err)
		}
		if !errors.Is(err, ErrUnsent) && probe(ctx) != nil { // no second code goes where the first was for nothing
			return Credentials{}, asUnavailable(err)
		}
	}
}

// verdict says whether another code is worth a try, and what to tell a person
// who has to type it.
func (t *attempts) verdict(err error, typed, learned bool) (again string, more bool) {
	switch {
	case errors.Is(err, ErrUnsigned), errors.Is(err, ErrNoService):
		return "", false
	case errors.Is(err, ErrUnsent):
		t.unsent++
		return againStale, t.unsent < maxUnsent
	case errors.Is(err, ErrCodeRefused):
		t.refused++
		if typed {
			return againRefused, t.refused < maxRefused
		}
		// A stored seed gives the right code, unless the clock was wrong.
		return againRefused, learned && t.refused == 1
	case mayGoAway(err):
		t.spent++
		return againSpent, t.spent < maxSpent
	}
	return "", false
}

// mistyped says that whoever typed the last codes typed none that AWS takes.
func (t *attempts) mistyped(err error, typed bool) bool {
	return typed && t.refused == maxRefused && errors.Is(err, ErrCodeRefused)
}

func (t *attempts) explain(err error, typed bool) error {
	if errors.Is(err, ErrCodeRefused) && !typed {
		return fmt.Errorf("the stored seed gives a code that AWS does not take:"+
			" it is another device's, or the code was used elsewhere: %w", err)
	}
	if codes := t.spent + t.refused; codes > 1 {
		return fmt.Errorf("after %d codes: %w", codes, err)
	}
	return err
}

// sendCode sends one code, and says what became of it. A typed code that did
// not leave is sent again while it is fresh, to spare the person a question.
func (x *exchange) sendCode(ctx context.Context, code Code, session send) (Credentials, error) {
	if ctx.Err() != nil {
		code.Unsent()
		return Credentials{}, context.Cause(ctx)
	}
	mfa := MFA{Serial: x.serial().Text, Code: code.Digits}
	stale := x.clock.now().boot + typedLife
	for try := 1; ; try++ {
		creds, err := session(ctx, mfa)
		if !errors.Is(err, ErrUnsent) {
			return creds, err
		}
		if !code.Typed || !mayGoAway(err) || try == maxUnsent || pause(ctx, try) != nil || x.clock.now().boot >= stale {
			code.Unsent()
			return Credentials{}, err
		}
	}
}

// mayGoAway says that an error may go away by itself: AWS is busy or broken, or
// nobody knows what happened.
func mayGoAway(err error) bool {
	// A person was asked already for what signs.
	if errors.Is(err, ErrUnsigned) || errors.Is(err, ErrNoService) {
		return false
	}
	if errors.Is(err, ErrThrottled) || errors.Is(err, ErrUnavailable) || errors.Is(err, ErrUnsent) {
		return true
	}
	var refusal *RefusalError
	return !errors.As(err, &refusal) && !errors.Is(err, ErrClock)
}

// asUnavailable classes what AWS has not answered.
func asUnavailable(err error) error {
	if err == nil || !mayGoAway(err) || errors.Is(err, ErrThrottled) || errors.Is(err, ErrUnavailable) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, err)
}

// pause waits before try number try+1: longer each time, and never as long as
// others who were told to slow down at the same time.
func pause(ctx context.Context, try int) error {
	longest := min(400*time.Millisecond<<min(try, 8), 8*time.Second)
	timer := time.NewTimer(longest/2 + rand.N(longest/2))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
