package codes

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/mfad/mfad/agent/inventory"
	"github.com/mfad/mfad/agent/ontoken"
	"github.com/mfad/mfad/agent/tokenperson"
	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/internal/errcode"
	"github.com/mfad/mfad/keystore"
	"github.com/mfad/mfad/token/totp"
)

// release is one code of a stored seed on its way to whoever asks.
type release struct {
	codes   *Codes
	device  inventory.Device
	purpose string // "prod", for the person
	ask     credproc.Asker
	time    timer
	login   bool // the code is exchanged for a session, and not shown to a person
}

// run computes the code of a step that nobody has had. It unlocks the vault before
// it takes the step, so that the code is fresh.
func (r release) run(ctx context.Context) (string, totp.Step, error) {
	if r.device.OnToken() {
		return r.byToken(ctx)
	}
	var seed *keystore.Secret
	err := r.codes.access.Use(ctx, r.ask, func(v *keystore.Vault) (err error) {
		seed, err = v.Read(r.device.ID())
		return err
	})
	if err != nil {
		return "", totp.Step{}, err
	}
	defer seed.Destroy()
	keys, err := totp.Parse(seed.Bytes())
	if err != nil {
		return "", totp.Step{}, err
	}
	defer totp.WipeAll(keys)
	return r.take(ctx, keys[0].Period, func(step totp.Step) (string, error) { return keys[0].Code(step.At) })
}

// byToken is run for a seed that tokens keep.
func (r release) byToken(ctx context.Context) (string, totp.Step, error) {
	seed, err := r.codes.applets.Seed(ctx, r.device, tokenperson.For(r.ask, "to get a code for "+r.purpose))
	if err != nil {
		return "", totp.Step{}, err
	}
	defer seed.Close()
	r.device = seed.Device
	for last := false; ; last = true {
		digits, step, err := r.compute(ctx, seed)
		// A person may take their time with the touch, and AWS takes the codes of
		// three steps: the last, the current and the next.
		late := err == nil && r.codes.now().After(step.Expires.Add(r.device.Period/2))
		if !late || last {
			return digits, step, err
		}
		step.Return()
	}
}

// compute has a token compute the code of one step.
func (r release) compute(ctx context.Context, seed *ontoken.Seed) (string, totp.Step, error) {
	period := r.device.Period // what cannot be one the ledger refuses
	return r.take(ctx, period, func(step totp.Step) (string, error) {
		return seed.Code(ctx, uint64(step.At.Unix())/uint64(period/time.Second))
	})
}

// take takes a step from the ledger, and gives it back unless code computes its
// code. The person may have locked the vault while the step was waited for, or the
// token: then there is no code.
func (r release) take(ctx context.Context, period time.Duration, code func(totp.Step) (string, error)) (string, totp.Step, error) {
	step, err := r.step(ctx, period)
	if err != nil {
		return "", totp.Step{}, err
	}
	digits, err := code(step)
	if err == nil {
		err = r.codes.access.Refusal()
	}
	if err != nil {
		step.Return()
		return "", totp.Step{}, err
	}
	return digits, step, nil
}

// step takes a step from the ledger. When the clock is in doubt, or the device has
// given a step that is to come, AWS is asked for the time first.
func (r release) step(ctx context.Context, period time.Duration) (totp.Step, error) {
	ledger := r.codes.ledger
	if ledger.Doubtful() {
		credproc.Await(r.ask, "AWS to tell the time")
		_ = r.time.confirm(ctx, r.codes.now()) // without it, by what was told before
	}
	credproc.Await(r.ask, fmt.Sprintf("a code of MFA device %q", r.device.Name))
	step, err := r.await(ctx, period)
	var ahead *totp.AheadError
	if !errors.As(err, &ahead) || ahead.Settled {
		return step, clockFault(err)
	}
	credproc.Await(r.ask, "AWS to tell the time")
	if untold := r.time.settle(ctx, r.codes.now()); untold != nil {
		return step, fmt.Errorf("%w; AWS told no time: %w", errcode.With(clockFault(err), "device", r.device.Name), untold)
	}
	step, err = r.await(ctx, period)
	return step, clockFault(err)
}

// clockFault has callers of credproc know an error of the clock.
func clockFault(err error) error {
	if errors.Is(err, totp.ErrClock) {
		return fmt.Errorf("%w: %w", credproc.ErrClock, err)
	}
	return err
}

// await takes a step from the ledger, in its turn, and tells the person when that
// takes time. It wraps [errcode.Busy] when too many calls of the same peer wait.
func (r release) await(ctx context.Context, period time.Duration) (step totp.Step, err error) {
	name := ledgerName(r.device)
	most, next := mostWaiting, r.codes.ledger.NextIn(name, period)
	if next == 0 {
		most++ // one does not wait
	}
	p := r.codes.queues.join(name, booking{r.login, r.ask, most})
	if p == nil {
		return totp.Step{}, errcode.Errorf(errcode.Busy,
			"%d of your calls wait for its next codes already, of which there is one every %s", mostWaiting, period)
	}
	defer p.leave()
	waited := false
	tell := func(wait time.Duration) {
		waited = true
		wait += time.Duration(p.ahead()) * period
		r.ask.Notice(ctx, fmt.Sprintf("the current code of %q was used: waiting %s for the next one", r.device.Name, wait.Round(time.Second)))
	}
	if p.ahead() > 0 {
		tell(next)
	}
	err = p.run(ctx, func(ctx context.Context) (err error) {
		step, err = r.codes.ledger.Take(ctx, name, period, tell)
		return err
	})
	if waited {
		r.ask.Notice(ctx, "")
	}
	return step, err
}
