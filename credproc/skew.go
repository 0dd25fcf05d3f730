package credproc

import (
	"sync/atomic"
	"time"
)

// skew is the time to add to our wall clock to have AWS's, as last seen.
type skew struct {
	known atomic.Bool
	time  atomic.Int64 // a time.Duration
	turns atomic.Int64 // counts the changes
}

// skewGrain is the change that matters: a Date header has whole seconds.
const skewGrain = 2 * time.Second

// observe takes what an answer says, and calls tell when it is news.
func (s *skew) observe(d time.Duration, tell func(time.Duration)) {
	first := !s.known.Swap(true)
	change := (d - s.now()).Abs() >= skewGrain
	if !first && !change {
		return
	}
	s.time.Store(int64(d))
	if change {
		s.turns.Add(1)
	}
	tell(d)
}

func (s *skew) now() time.Duration { return time.Duration(s.time.Load()) }
