package awstest

import "sync"

// queue has the requests from their arrival to their entry in the journal, and
// what is to befall the next ones.
type queue struct {
	mu      sync.Mutex
	faults  []Fault
	gate    chan struct{} // closed when requests may pass; nil is open
	journal []Entry
	arrived chan struct{} // closed and replaced at each arrival
	pending int           // requests that arrived and are not in the journal yet
}

// arrive counts a request and tells what awaits it.
func (q *queue) arrive() (Fault, <-chan struct{}) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.pending++
	close(q.arrived)
	q.arrived = make(chan struct{})
	var fault Fault
	if len(q.faults) > 0 {
		fault, q.faults = q.faults[0], q.faults[1:]
	}
	return fault, q.gate
}

func (q *queue) record(e Entry) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if e.Verdict == "" {
		e.Verdict = string(e.Fault)
	}
	q.pending--
	q.journal = append(q.journal, e)
}
