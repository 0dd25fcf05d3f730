package codes

import (
	"context"
	"fmt"

	"github.com/mfad/mfad/agent/inventory"
	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/internal/errcode"
)

// Pair is two codes of one device, of steps that follow each other: what AWS takes
// as proof when a device is enrolled, or has drifted. Unsent says that AWS has
// seen neither; the last one goes to the next caller then.
type Pair struct {
	First, Second string
	Unsent        func()
}

// pairTries is how many steps are taken in vain, when others ask for codes of the
// same device, before there is no pair.
const pairTries = 4

// Pair gives two codes in a row of a device of the vault. It waits for the second
// step, at most one period when nobody else asks for the device, with a notice.
func (c *Codes) Pair(ctx context.Context, d inventory.Device, ask credproc.Asker) (Pair, error) {
	r := c.forPerson(d, ask)
	first, step, err := r.run(ctx)
	if err != nil {
		return Pair{}, fmt.Errorf("device %q: %w", d.Name, err)
	}
	for range pairTries {
		second, next, err := r.run(ctx)
		if err != nil {
			step.Return()
			return Pair{}, fmt.Errorf("device %q: %w", d.Name, err)
		}
		// Whoever came between has had a code; the later one may be the first of a
		// pair then.
		if next.At.Sub(step.At) == d.Period {
			return Pair{first, second, next.Return}, nil
		}
		first, step = second, next
	}
	step.Return()
	return Pair{}, errcode.Errorf(errcode.Busy, "device %q: others took every other code: try again", d.Name)
}
