// Package awstest is a strict stand-in for AWS's Security Token Service, the
// way net/http/httptest is a stand-in for a web server: it verifies the
// signature of each request, checks MFA codes against the enrolled seed and
// refuses a code twice, enforces durations, role chaining and trust policies,
// and answers in AWS's shapes and words.
//
// A [Server] is an [http.Handler]; httptest.NewServer(s) makes it a peer for
// any AWS client. It serves GetSessionToken, AssumeRole and GetCallerIdentity
// of the query protocol, as POST form and as GET.
//
// The rules come from the AWS documents named beside them, not from an SDK:
// none is linked. What AWS documents nowhere, such as the window in which a
// code is good, has a setting. It does not evaluate identity or session
// policies: users may call whatever the trust policies allow them.
package awstest

import (
	"cmp"
	"net/http"
	"time"
)

// Options are the settings of a [Server]. The zero value is AWS as it is.
type Options struct {
	// Now is the clock that signatures, codes and sessions are judged by; nil
	// is time.Now.
	Now func() time.Time
	// Partition is part of every ARN; empty is aws.
	Partition string
	// Region is the only one that signatures may be scoped to; empty lets any
	// well-formed name pass.
	Region string
}

// Server is the stand-in. Its methods may be called at any time, by many
// goroutines, while it serves.
type Server struct {
	realm *realm
	queue queue
}

var _ http.Handler = (*Server)(nil)

// New returns a stand-in with neither users nor roles.
func New(o Options) *Server {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Server{
		realm: &realm{
			now:         o.Now,
			partition:   cmp.Or(o.Partition, "aws"),
			region:      o.Region,
			users:       make(map[string]*User),
			roles:       make(map[string]*roleRecord),
			credentials: make(map[string]*credential),
			window:      1,
		},
		queue: queue{arrived: make(chan struct{})},
	}
}

// ServeHTTP answers one request, holds it at the gate, or does it the harm
// that [Server.Inject] asked for.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	fault, gate := s.queue.arrive()
	if gate != nil {
		select {
		case <-gate:
		case <-r.Context().Done():
		}
	}
	if fault == DropBefore {
		s.record(Entry{Fault: fault})
		panic(http.ErrAbortHandler) // net/http closes the connection without a word
	}
	call, refusal := parseCall(r)
	entry := Entry{Fault: fault}
	var answer any
	if refusal == nil && fault != "" && fault != DropAfter {
		refusal = fault.refusal()
	}
	if refusal == nil {
		answer, refusal = s.realm.act(r, call, &entry)
	}
	entry.describe(call, refusal)
	s.record(entry)
	if fault == DropAfter {
		panic(http.ErrAbortHandler)
	}
	reply{call.action(), answer, refusal}.write(w, s.realm.clock())
}

func (s *Server) record(e Entry) {
	e.Time = s.realm.clock()
	s.queue.record(e)
}
