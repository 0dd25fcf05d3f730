package agent

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/keystore"
	"github.com/mfad/mfad/token/totp"
)

// awsPeriod and awsCode are what AWS takes from every device.
const awsPeriod = 30 * time.Second

var awsCode = regexp.MustCompile(`^[0-9]{6}$`)

// Code gives the broker a code of a device of the vault, or of one whose code
// the person reads off.
func (s *Service) Code(ctx context.Context, why credproc.Purpose, again string, ask credproc.Asker) (credproc.Code, error) {
	v, err := s.door.open(ctx)
	if err != nil && !errors.Is(err, keystore.ErrNoVault) {
		return credproc.Code{}, err
	}
	if v != nil {
		if item, found := deviceOf(v, why.Serial); found {
			return s.storedCode(ctx, item, why, ask)
		}
	}
	return s.typedCode(ctx, why, again, ask)
}

// Skew corrects the codes by what AWS says of our clock.
func (s *Service) Skew(d time.Duration) {
	if err := s.ledger.SetSkew(d); err != nil {
		s.options.Logger.Warn("clock skew was not recorded", "err", err)
	}
}

func (s *Service) storedCode(ctx context.Context, item keystore.Item, why credproc.Purpose, ask credproc.Asker) (credproc.Code, error) {
	digits, step, err := s.release(ctx, item, cmp.Or(why.Profile, "device "+item.Name), ask)
	if err != nil {
		return credproc.Code{}, fmt.Errorf("device %q: %w", item.Name, err)
	}
	if !awsCode.MatchString(digits) {
		step.Return()
		return credproc.Code{}, wire.Errorf(wire.ErrBadSeed, "device %q gives codes of %d digits and AWS takes 6: it is not the seed of an AWS device", item.Name, len(digits))
	}
	return credproc.Code{Digits: digits, Unsent: step.Return}, nil
}

// release computes the code of a step that nobody has had, for a profile or
// whatever else for. It unlocks the vault before it takes the step, so that the
// code is fresh.
func (s *Service) release(ctx context.Context, item keystore.Item, purpose string, ask credproc.Asker) (string, totp.Step, error) {
	if onToken(item) {
		return s.releaseByToken(ctx, item, purpose, ask)
	}
	var seed *keystore.Secret
	err := s.door.use(ctx, ask, func(v *keystore.Vault) (err error) {
		seed, err = v.Read(item.ID)
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
	step, err := s.step(ctx, item, keys[0].Period, ask)
	if err != nil {
		return "", totp.Step{}, err
	}
	digits, err := keys[0].Code(step.At)
	if err == nil {
		err = s.door.refusal() // the person may have locked the vault while the step was waited for
	}
	if err != nil {
		step.Return()
		return "", totp.Step{}, err
	}
	return digits, step, nil
}

// step takes a step from the ledger, and tells the person when that takes time.
func (s *Service) step(ctx context.Context, item keystore.Item, period time.Duration, ask credproc.Asker) (totp.Step, error) {
	waited := false
	step, err := s.ledger.Take(ctx, ledgerName(item), period, func(wait time.Duration) {
		waited = true
		ask.Notice(ctx, fmt.Sprintf("the current code of %q was used: waiting %s for the next one", item.Name, wait.Round(time.Second)))
	})
	if waited {
		ask.Notice(ctx, "")
	}
	if errors.Is(err, totp.ErrClock) {
		err = fmt.Errorf("%w: %w", credproc.ErrClock, err) // the broker can ask AWS for the time
	}
	return step, err
}

// ledgerName is what the ledger knows a device by: AWS's name for it, which
// another item may get one day, else the item.
func ledgerName(item keystore.Item) string {
	if serial := item.Facts[serialFact]; serial != "" {
		return serial
	}
	return item.ID
}

// typedCode asks for the code that a device shows. A code that was typed
// before, a moment ago, is no good: AWS has seen it.
func (s *Service) typedCode(ctx context.Context, why credproc.Purpose, again string, ask credproc.Asker) (credproc.Code, error) {
	if wait := s.ledger.NextIn(why.Serial, awsPeriod); wait > 0 && again == "" {
		again = fmt.Sprintf("the code it shows now was used: wait %s for the next one", wait.Round(time.Second))
	}
	for range tries {
		text, err := ask.Code(ctx, why, again)
		if err != nil {
			return credproc.Code{}, err
		}
		digits := strings.Join(strings.Fields(text), "")
		switch {
		case !awsCode.MatchString(digits):
			again = "a code has 6 digits"
		case !s.typed.take(why.Serial, digits, s.options.Now()):
			again = "that code was used: wait for the next one"
		default:
			return s.sendTyped(why.Serial, digits)
		}
	}
	return credproc.Code{}, wire.Errorf(wire.ErrBadRequest, "MFA device %s: %s", why.Serial, again)
}

// sendTyped writes a typed code down before it leaves.
func (s *Service) sendTyped(serial, digits string) (credproc.Code, error) {
	giveBack := func() { s.typed.giveBack(serial, digits) }
	if err := s.ledger.Mark(serial, awsPeriod); err != nil {
		giveBack()
		return credproc.Code{}, err
	}
	return credproc.Code{Digits: digits, Typed: true, Unsent: giveBack}, nil
}

// typedCodes remembers for two periods what was typed: longer, no code is good.
type typedCodes struct {
	mu   sync.Mutex
	good map[typedCode]time.Time // when each was typed
}

type typedCode struct{ serial, digits string }

// take notes a code, unless it was typed for the same device a moment ago.
func (t *typedCodes) take(serial, digits string, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for code, at := range t.good {
		if now.Sub(at).Abs() > 2*awsPeriod {
			delete(t.good, code)
		}
	}
	code := typedCode{serial, digits}
	if _, seen := t.good[code]; seen {
		return false
	}
	if t.good == nil {
		t.good = make(map[typedCode]time.Time)
	}
	t.good[code] = now
	return true
}

func (t *typedCodes) giveBack(serial, digits string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.good, typedCode{serial, digits})
}

// code shows a person the code of a device of the vault.
func (s *Service) code(ctx context.Context, r *request, p wire.NameParams) (wire.Code, error) {
	digits, step, err := s.codeOf(ctx, r, p.Name)
	s.note(ctx, r, event{profile: p.Name, err: err})
	if err != nil {
		return wire.Code{}, err
	}
	return wire.Code{Digits: digits, Expires: step.Expires}, nil
}

func (s *Service) codeOf(ctx context.Context, r *request, name string) (string, totp.Step, error) {
	if err := s.door.refusal(); err != nil {
		return "", totp.Step{}, err
	}
	v, err := s.door.open(ctx)
	if err != nil {
		return "", totp.Step{}, err
	}
	item, err := findDevice(v, name)
	if err != nil {
		return "", totp.Step{}, err
	}
	return s.release(ctx, item, "device "+item.Name, r.ask)
}
