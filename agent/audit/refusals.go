package audit

import (
	"slices"
	"sync"
	"time"

	"github.com/mfad/mfad/internal/line"
)

// MostRefusals is how many refusals are kept.
const MostRefusals = 20

// What status shows of one is bounded, in runes.
const (
	maxShownName = 100
	maxShownText = 400
)

// Refusal is a request that was refused.
type Refusal struct {
	At   time.Time
	Name string // of the profile or the device; may be empty
	Text string // why, on one line
}

// Refusals keeps the last refusals, for who asks for the state of the agent. The
// zero value has none. It is safe for concurrent use.
type Refusals struct {
	mu   sync.Mutex
	last []Refusal // oldest first
}

// Add keeps one more, and lets the oldest go if there are too many.
func (r *Refusals) Add(at time.Time, name string, why error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.last) == MostRefusals {
		r.last = slices.Delete(r.last, 0, 1)
	}
	r.last = append(r.last, Refusal{at, line.Short(name, maxShownName), line.Short(why.Error(), maxShownText)})
}

// List returns them, newest first.
func (r *Refusals) List() []Refusal {
	r.mu.Lock()
	defer r.mu.Unlock()
	refusals := slices.Clone(r.last)
	slices.Reverse(refusals)
	return refusals
}
