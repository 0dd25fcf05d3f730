package awstest

import (
	"net/http"
	"time"
)

// Fault is a harm that befalls one request.
type Fault string

// What [Server.Inject] can do.
const (
	// Throttle answers as STS does above its rate: 400 Throttling.
	Throttle Fault = "Throttling"
	// InternalFailure answers 500.
	InternalFailure Fault = "InternalFailure"
	// Unavailable answers 503.
	Unavailable Fault = "ServiceUnavailable"
	// DropBefore closes the connection and acts on nothing: no code is used up.
	DropBefore Fault = "drop-before"
	// DropAfter acts on the request, so that its code is used up, and closes
	// the connection instead of answering.
	DropAfter Fault = "drop-after"
)

// refusal is the answer of a fault that has one.
// https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
func (f Fault) refusal() *apiError {
	switch f {
	case Throttle:
		return refuse(http.StatusBadRequest, "Throttling", "Rate exceeded")
	case Unavailable:
		return refuse(http.StatusServiceUnavailable, "ServiceUnavailable", "The request has failed due to a temporary failure of the server.")
	default:
		return refuse(http.StatusInternalServerError, "InternalFailure", "The request processing has failed because of an unknown error, exception or failure.")
	}
}

// Inject lets one fault befall each of the next requests, in the order of
// their arrival.
func (s *Server) Inject(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, faults...)
}

// Hold makes requests wait, from now until release is called or their client
// goes away. [Server.Await] tells when they have arrived.
func (s *Server) Hold() (release func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	gate := make(chan struct{})
	s.gate = gate
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.gate == gate {
			s.gate = nil
			close(gate)
		}
	}
}

// SetSkew sets how far the server's clock is ahead of [Options].Now.
func (s *Server) SetSkew(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.skew = d
}

// SetWindow sets how many time steps before and after the current one a code
// may be of; it is 1 at first. AWS documents no number.
func (s *Server) SetWindow(steps int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.window = steps
}
