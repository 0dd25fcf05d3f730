package prompt

import (
	"os"
	"os/signal"
	"sync"
)

// silence is the time from a secret to the verdict on it: a person who types on,
// such as the next try, types something secret. So the terminal goes on without
// echo, and what was typed by its end is thrown away. It ends with the next prompt,
// when the terminal is let go, or by a signal that would end the program.
type silence struct {
	mu      sync.Mutex
	restore restorer      // nil: there is none
	over    chan struct{} // closed at its end
}

// begin goes on without echo until somebody takes over. It sees to the signals of
// the prompt before it, of which one may have come just now.
func (s *silence) begin(restore restorer, signals chan os.Signal) {
	over := make(chan struct{})
	s.mu.Lock()
	s.restore, s.over = restore, over
	s.mu.Unlock()
	go func() {
		defer signal.Stop(signals)
		select {
		case <-over:
		case received := <-signals:
			s.end()
			signal.Stop(signals)
			raise(received) // for whoever else watches, or to end us
		}
	}()
}

// take gives what brings the echo back to who sees to it from now on; nil when
// there is no silence.
func (s *silence) take() restorer {
	s.mu.Lock()
	defer s.mu.Unlock()
	restore := s.restore
	if restore != nil {
		close(s.over)
		s.restore = nil
	}
	return restore
}

// end brings the echo back, if there is a silence.
func (s *silence) end() {
	if restore := s.take(); restore != nil {
		restore(forget)
	}
}
