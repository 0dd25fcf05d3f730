package agent

import (
	"slices"
	"sync"

	"github.com/mfad/mfad/agent/wire"
)

// keptFaults is how many refusals status can show.
const keptFaults = 20

// faultRing keeps the last refusals: SDKs hide why a credential process failed.
type faultRing struct {
	mu   sync.Mutex
	last []wire.Fault // oldest first
}

func (r *faultRing) add(f wire.Fault) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.last) == keptFaults {
		r.last = slices.Delete(r.last, 0, 1)
	}
	r.last = append(r.last, f)
}

// list is newest first.
func (r *faultRing) list() []wire.Fault {
	r.mu.Lock()
	defer r.mu.Unlock()
	faults := slices.Clone(r.last)
	slices.Reverse(faults)
	return faults
}
