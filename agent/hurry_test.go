package agent

import (
	"strings"
	"time"
)

// hurried is a person for whom nobody has to wait for the next code: when told
// of a wait, he puts the clock on by a step, and the ledger looks at the clock.
func (b *bench) hurried() *person {
	return &person{
		confirm: func(string) bool { return false },
		notice: func(text string) {
			if strings.Contains(text, "waiting") {
				b.clock.advance(30 * time.Second)
				_ = b.status.ledger.SetSkew(b.status.ledger.Skew()) // nothing new, but a reason to look
			}
		},
	}
}
