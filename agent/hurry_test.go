package agent

import (
	"strings"
	"time"
)

// period is that of all devices of AWS.
const period = 30 * time.Second

// hurried is a person for whom nobody has to wait for the next code: when told
// of a wait, he puts the clock on by a step, and the ledger looks at the clock.
func (b *bench) hurried() *person {
	return &person{
		confirm: func(string) bool { return false },
		notice: func(text string) {
			if strings.Contains(text, "waiting") {
				b.slept.Add(int64(period))
				b.clock.advance(period)
				_ = b.status.ledger.SetSkew(b.status.ledger.Observed()) // nothing new, but a reason to look
			}
		},
	}
}
