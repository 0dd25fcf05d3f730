package tokentest

import (
	"errors"
	"fmt"
	"os"
)

// Insert puts a card into the empty reader i and returns when pcscd has seen
// it. A card that has pulled itself out may be put in again. A card must not be
// in two readers.
func (s *Service) Insert(i int, c Card) error {
	r := s.readers[i]
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.card != nil && !r.gone() {
		return fmt.Errorf("inserting into reader %q: it holds a card", r.name)
	}
	r.unserve()
	// pcscd must have missed the last card before the next comes.
	if err := s.await(r, false); err != nil {
		return err
	}
	r.card = c
	if err := s.serve(r); err != nil {
		r.unserve()
		r.card = nil
		return err
	}
	return nil
}

// Remove pulls the card out of reader i, even in the middle of a command, and
// returns when pcscd has missed it. Of an empty reader there is nothing to pull.
func (s *Service) Remove(i int) error {
	r := s.readers[i]
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.card == nil {
		return nil
	}
	r.unserve()
	r.card = nil
	return s.await(r, false)
}

// serve plugs r.card in, again if pcscd does not see it: see await. r.mu is
// held.
func (s *Service) serve(r *reader) (err error) {
	for range 5 {
		if err = s.plug(r); !errors.Is(err, os.ErrDeadlineExceeded) {
			return err
		}
		r.unserve()
		if err := s.await(r, false); err != nil {
			return err
		}
	}
	return err
}

func (s *Service) plug(r *reader) error {
	conn, err := s.thread.dial(r.port)
	if err != nil {
		return fmt.Errorf("inserting into reader %q: %w", r.name, err)
	}
	r.conn, r.done = conn, make(chan struct{})
	if p, ok := r.card.(plugger); ok {
		p.plug()
	}
	go func(card Card, done chan<- struct{}) {
		defer close(done)
		serve(conn, card)
	}(r.card, r.done)
	return s.await(r, true)
}

// unserve ends the service of the card, if it is served. r.mu is held.
func (r *reader) unserve() {
	if r.conn == nil {
		return
	}
	_ = r.conn.Close() // the card may have closed it
	if p, ok := r.card.(plugger); ok {
		p.unplug()
	}
	<-r.done
	r.conn, r.done = nil, nil
}

// gone tells that the card is not served: it has pulled itself out. One that is
// about to is waited for.
func (r *reader) gone() bool {
	if r.done == nil {
		return false
	}
	if l, ok := r.card.(leaver); ok && l.leaving() {
		<-r.done
		return true
	}
	select {
	case <-r.done:
		return true
	default:
		return false
	}
}

// await waits until pcscd knows that the reader is full, or empty. A failed
// command tells it that the reader is empty before the thread that looks at the
// reader has seen so; if the next card came meanwhile, that thread would take it
// for the last and never tell of it.
func (s *Service) await(r *reader, present bool) error {
	absent := false
	err := watch(s.Socket, lookLimit, func(states []readerState) bool {
		for _, state := range states {
			if state.name != r.name {
				continue
			}
			if absent = !state.present; absent == present {
				continue
			}
			if !present && r.seen != 0 && state.changes == r.seen {
				continue
			}
			r.seen = 0
			if present {
				r.seen = state.changes
			}
			return true
		}
		return false
	})
	if !present && absent && errors.Is(err, os.ErrDeadlineExceeded) {
		r.seen = 0 // its thread has had the time to look
		return nil
	}
	if err != nil {
		return fmt.Errorf("waiting for pcscd to look at reader %q: %w", r.name, err)
	}
	return nil
}
