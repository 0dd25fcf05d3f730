package awstest

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// AddUser makes a user of [DefaultAccount]. The name may have a path, as in
// "division/alice"; the name root makes the account's root user.
func (s *Server) AddUser(name string) *User { return s.realm.addUser(DefaultAccount, name) }

// AddUserOf is [Server.AddUser] for another account.
func (s *Server) AddUserOf(account, name string) *User { return s.realm.addUser(account, name) }

// AddRole makes a role, or replaces the one of that name, and returns its ARN.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
func (s *Server) AddRole(r Role) (arn string, err error) { return s.realm.addRole(r) }

// ExpireSession ends temporary credentials before their time; it reports
// whether there are such.
func (s *Server) ExpireSession(accessKeyID string) bool {
	s.realm.mu.Lock()
	defer s.realm.mu.Unlock()
	c := s.realm.credentials[accessKeyID]
	if c == nil || c.token == "" {
		return false
	}
	c.expires = s.realm.clockLocked()
	return true
}

// Inject lets one fault befall each of the next requests, in the order of
// their arrival.
func (s *Server) Inject(faults ...Fault) {
	s.queue.mu.Lock()
	defer s.queue.mu.Unlock()
	s.queue.faults = append(s.queue.faults, faults...)
}

// Hold makes requests wait, from now until release is called or their client
// goes away. [Server.Await] tells when they have arrived.
func (s *Server) Hold() (release func()) {
	q := &s.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	gate := make(chan struct{})
	q.gate = gate
	return func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		if q.gate == gate {
			q.gate = nil
			close(gate)
		}
	}
}

// SetSkew sets how far the server's clock is ahead of [Options].Now.
func (s *Server) SetSkew(d time.Duration) {
	s.realm.mu.Lock()
	defer s.realm.mu.Unlock()
	s.realm.skew = d
}

// SetWindow sets how many time steps before and after the current one a code
// may be of; it is 1 at first. AWS documents no number.
func (s *Server) SetWindow(steps int) {
	s.realm.mu.Lock()
	defer s.realm.mu.Unlock()
	s.realm.window = steps
}

// Journal returns the requests so far, in the order in which they were
// decided.
func (s *Server) Journal() []Entry {
	s.queue.mu.Lock()
	defer s.queue.mu.Unlock()
	return slices.Clone(s.queue.journal)
}

// Count tells how many requests of the action were decided, whatever the
// verdict.
func (s *Server) Count(action string) int {
	n := 0
	for _, e := range s.Journal() {
		if e.Action == action {
			n++
		}
	}
	return n
}

// Await waits until n requests have arrived since the server was made, held
// and dropped ones included, or until ctx ends.
func (s *Server) Await(ctx context.Context, n int) error {
	for {
		s.queue.mu.Lock()
		have, more := s.queue.pending+len(s.queue.journal), s.queue.arrived
		s.queue.mu.Unlock()
		if have >= n {
			return nil
		}
		select {
		case <-more:
		case <-ctx.Done():
			return fmt.Errorf("waiting for %d requests, have %d: %w", n, have, context.Cause(ctx))
		}
	}
}
