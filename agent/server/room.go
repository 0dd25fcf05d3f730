package server

import "time"

// placeLocked finds room for one more connection of the process. When the
// process, or the agent, serves all that it may, out is the connection that has
// to go for it; if there is none, there is no room. For who has not spoken, and has
// other connections, nobody goes whose process has as few.
func (s *connections) placeLocked(h *holder, spoken bool) (out *Conn, ok bool) {
	switch {
	case h.pid != 0 && h.served >= s.bounds.perProcess:
		if h.silent > 0 {
			out = s.ownSilentLocked(h)
		}
	case len(s.served) >= s.bounds.served:
		if out = s.silentLocked(h); out == nil {
			out = s.greedyLocked(h)
		} else if !spoken && h.all() > 0 && out.holder.all() <= h.all()+1 {
			out = nil
		}
	default:
		return nil, true
	}
	return out, out != nil
}

// silentLocked is a silent connection of the process that holds the most, the one
// that was used first; nil if there is none. It is of no process that holds less
// than the one that it goes for.
func (s *connections) silentLocked(other *holder) (out *Conn) {
	now := time.Now()
	for e := s.silent.Front(); e != nil; e = e.Next() {
		c := e.Value.(*Conn)
		if c.holder.all() < other.all() || out != nil && c.holder.all() <= out.holder.all() {
			continue
		}
		if c.isSilent(now, patienceWith(c.holder, other)) {
			out = c
		}
	}
	return out
}

// patience is how long a connection that works on nothing may rest.
type patience struct {
	fresh time.Duration // before its first request
	any   time.Duration // and in any case
}

// patienceWith is that with a silent connection of a process, for another that
// wants its place. Who has some already, and as many, waits a little: a crowd that
// comes back whenever it is closed does not keep us busy with that.
func patienceWith(own, other *holder) (p patience) {
	if own.all() == 1 {
		p.fresh = soloFor
	}
	if other.served > 0 && own.served <= other.served+1 {
		p.any = restFor
	}
	return p
}

// ownSilentLocked is a silent connection of the process, the one that was used
// first; nil if there is none. Who connects many times and then speaks may wait
// for its own turn: it gets more time for its first request.
func (s *connections) ownSilentLocked(own *holder) *Conn {
	now := time.Now()
	for e := s.silent.Front(); e != nil; e = e.Next() {
		if c := e.Value.(*Conn); c.holder == own && c.isSilent(now, patience{fresh: freshFor}) {
			return c
		}
	}
	return nil
}

// isSilent tells whether a connection that works on nothing may go: it has had its
// time, no request lies unread, and its answer is written, unless the peer does not
// read.
func (c *Conn) isSilent(now time.Time, p patience) bool {
	rests := now.Sub(c.rested)
	switch {
	case c.calls > 0:
		return rests >= stuckAfter
	case rests < p.any, !c.answered && rests < p.fresh:
		return false
	}
	unread, _ := peek(c.socket)
	return !unread
}

// greedyLocked is a connection with calls that run, the one used last of the
// process that has the most, if that is more than the other would have; nil if
// nobody has. A program that asks for credentials has one connection.
func (s *connections) greedyLocked(other *holder) (out *Conn) {
	var most *holder
	for _, h := range s.holders {
		if h.served > other.served+1 && (most == nil || h.served > most.served) {
			most = h
		}
	}
	if most == nil {
		return nil
	}
	for c := range s.served {
		if c.holder == most && (out == nil || c.turn > out.turn) {
			out = c
		}
	}
	return out
}

// nextLocked is who of the waiting is served now, and who goes for it; nil if
// there is no room. It is the one whose process has the least.
func (s *connections) nextLocked() (next int, out *Conn, ok bool) {
	next = -1
	for i, c := range s.waiting {
		if c.holder.served < s.bounds.perProcess && (next < 0 || c.holder.served < s.waiting[next].holder.served) {
			next = i
		}
	}
	if next >= 0 {
		if out, ok = s.placeLocked(s.waiting[next].holder, true); ok {
			return next, out, true
		}
	}
	var tried *holder
	for i, c := range s.waiting { // in place of another of its own process
		if c.holder == tried || c.holder.served < s.bounds.perProcess {
			continue
		}
		if tried = c.holder; tried.silent == 0 {
			continue
		}
		if out, ok = s.placeLocked(tried, true); ok {
			return i, out, true
		}
	}
	return -1, nil, false
}

// relieveAgain is relieve unless that was done just now: with a crowd that waits,
// each look costs some 100 µs. Nobody is forgotten, for it is done again in any case.
func (s *connections) relieveAgain() {
	s.mu.Lock()
	due := len(s.waiting) > 0 && time.Since(s.relieved) >= lookPause
	s.mu.Unlock()
	if due {
		s.relieve()
	}
}

// relieve serves those who wait, as far as there is room, a few at a time.
func (s *connections) relieve() {
	var begin, end []*Conn
	s.mu.Lock()
	s.relieved = time.Now()
	for range mostRelieved {
		i, out, ok := s.nextLocked()
		if !ok {
			break
		}
		if out != nil {
			s.dropLocked(out)
			end = append(end, out)
		}
		c := s.unparkLocked(i)
		s.takeLocked(c)
		begin = append(begin, c)
	}
	switch {
	case len(begin) == mostRelieved:
		s.look.Reset(lookPause)
	case len(s.waiting) > 0:
		s.look.Reset(lookAgain)
	}
	s.mu.Unlock()
	for _, c := range end {
		c.close()
	}
	for _, c := range begin {
		s.start(c)
	}
}

// evict closes a silent connection, or one that waits.
func (s *connections) evict() {
	s.mu.Lock()
	out := s.silentLocked(new(holder))
	switch {
	case out != nil:
		s.dropLocked(out)
	case len(s.waiting) > 0:
		out = s.unparkLocked(len(s.waiting) - 1)
	}
	s.mu.Unlock()
	if out != nil {
		out.close()
	}
}
