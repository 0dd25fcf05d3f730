package credproc

import (
	"sync/atomic"
	"time"
)

// skew is the time to add to our wall clock to have AWS's, as last seen.
type skew struct {
	time  atomic.Int64 // a time.Duration
	turns atomic.Int64 // counts the changes
}

// skewGrain is the change that matters: a Date header has whole seconds.
const skewGrain = 2 * time.Second

// observe takes what an answer says.
func (s *skew) observe(d time.Duration) {
	if (d - s.now()).Abs() >= skewGrain {
		s.time.Store(int64(d))
		s.turns.Add(1)
	}
}

func (s *skew) now() time.Duration { return time.Duration(s.time.Load()) }
