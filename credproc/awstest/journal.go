package awstest

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// OK is the verdict of a request that was granted.
const OK = "OK"

// Entry is one request as the server saw it. What it did not come to see,
// because it refused or dropped the request before, is empty.
type Entry struct {
	Time        time.Time // the server's
	Action      string
	KeyID       string // of the access key whose signature held
	Region      string // of the signature
	Serial      string
	Code        string // spent or wrong by now, whatever the verdict
	RoleARN     string
	SessionName string
	Duration    string // as asked for
	Verdict     string // OK, or the error code of the answer, or the fault
	Message     string // of the refusal
	Fault       Fault
}

func (e *Entry) describe(c call, r *apiError) {
	e.Action = c.action()
	e.Serial, e.Code = c.params.Get("SerialNumber"), c.params.Get("TokenCode")
	e.RoleARN, e.SessionName = c.params.Get("RoleArn"), c.params.Get("RoleSessionName")
	e.Duration = c.params.Get("DurationSeconds")
	if e.Verdict = OK; r != nil {
		e.Verdict, e.Message = r.Code, r.Message
	}
}

// Journal returns the requests so far, in the order in which they were
// decided.
func (s *Server) Journal() []Entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.journal)
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
		s.mu.Lock()
		have, more := s.pending+len(s.journal), s.arrived
		s.mu.Unlock()
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

// arrive counts a request and tells what awaits it.
func (s *Server) arrive() (Fault, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pending++
	close(s.arrived)
	s.arrived = make(chan struct{})
	var fault Fault
	if len(s.faults) > 0 {
		fault, s.faults = s.faults[0], s.faults[1:]
	}
	return fault, s.gate
}

func (s *Server) record(e Entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e.Time = s.clockLocked()
	if e.Verdict == "" {
		e.Verdict = string(e.Fault)
	}
	s.pending--
	s.journal = append(s.journal, e)
}
