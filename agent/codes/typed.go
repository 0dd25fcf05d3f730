package codes

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/internal/errcode"
	"github.com/mfad/mfad/internal/human"
	mfaserial "github.com/mfad/mfad/internal/serial"
)

// tries is how often one person is asked for a code before a request is refused.
const tries = 3

// askFor asks for the code that a device shows. A code that was typed before, a
// moment ago, is no good: AWS has seen it.
func (c *Codes) askFor(ctx context.Context, why credproc.Purpose, again string, ask credproc.Asker) (credproc.Code, error) {
	if wait := c.ledger.NextIn(why.Serial, mfaserial.Period); wait > 0 && again == "" {
		again = fmt.Sprintf("the code it shows now was used: wait %s for the next one", wait.Round(time.Second))
	}
	first := again
	for try := 1; ; try++ {
		answer, err := ask.Ask(ctx, why.Question(again))
		if err != nil {
			return credproc.Code{}, err
		}
		digits := strings.Join(strings.Fields(string(answer.Text)), "")
		answer.Wipe()
		switch {
		case !awsCode.MatchString(digits):
			again = "a code has 6 digits"
		case !c.typed.take(why.Serial, digits, c.now()):
			again = "that code was used: wait for the next one"
		default:
			return c.sendTyped(why.Serial, digits)
		}
		if try < tries {
			continue
		}
		err = errcode.Errorf(errcode.BadRequest, "MFA device %s: %s", why.Serial, again)
		if !human.Blame(ask, err) {
			return credproc.Code{}, err
		}
		try, again = 0, first
	}
}

// sendTyped writes a typed code down before it leaves.
func (c *Codes) sendTyped(serial, digits string) (credproc.Code, error) {
	giveBack := func() { c.typed.giveBack(serial, digits) }
	if err := c.ledger.Mark(serial, mfaserial.Period); err != nil {
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
		if now.Sub(at).Abs() > 2*mfaserial.Period {
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
