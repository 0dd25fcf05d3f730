package server

import (
	"sync"
	"time"
)

// seldom keeps a line that others can cause from filling the log: it is written
// once a minute at most, with how often it was due.
type seldom struct {
	mu   sync.Mutex
	next time.Time
	due  int
}

// often is how long a line is not written again.
const often = time.Minute

// say calls write, with how often the line was due since it was written last,
// or counts.
func (s *seldom) say(write func(times int)) {
	s.mu.Lock()
	s.due++
	times, now := s.due, time.Now()
	if now.Before(s.next) {
		s.mu.Unlock()
		return
	}
	s.due, s.next = 0, now.Add(often)
	s.mu.Unlock()
	write(times)
}
