package prompt

import (
	"context"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"
)

// errLate is the end of a question that nobody has answered in time.
var errLate = errors.New("prompt: nobody answered in time")

// countdown is the line above a question that says how long there is to answer.
// The zero countdown, of a question without an end, shows nothing.
type countdown struct {
	until time.Time
	tick  <-chan time.Time // nil: the line stays as it is
	stop  func()
}

// roomToType is for what is typed after a question. One that leaves less of the
// terminal's width may wrap: then the line above it is not where it seems.
const roomToType = 16

// countdown shows a question, and above it how long there is to answer.
func (t *Terminal) countdown(ctx context.Context, question string) countdown {
	c := countdown{stop: func() {}}
	end, bounded := ctx.Deadline()
	if !bounded {
		t.write(question)
		return c
	}
	c.until = end
	t.write(c.text() + "\n" + question)
	if utf8.RuneCountInString(question)+roomToType <= t.tty.width() {
		ticker := time.NewTicker(time.Second)
		c.tick, c.stop = ticker.C, ticker.Stop
	}
	return c
}

func (c countdown) text() string { return "mfad: " + Left(c.until) }

// again writes the line anew, and leaves the cursor where it is (DECSC, CUU, EL,
// DECRC).
func (c countdown) again() string { return fmt.Sprintf("\x1b7\x1b[A\r\x1b[K%s\x1b8", c.text()) }

// end is a last line that says that time is up; empty when the question ended for
// another reason.
func (c countdown) end() string {
	if c.until.IsZero() || time.Until(c.until) > time.Second {
		return ""
	}
	return "mfad: nobody answered in time\n"
}
