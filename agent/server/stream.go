package server

import (
	"errors"
	"io"

	"github.com/sourcegraph/jsonrpc2"
)

// streamOf is a Conn's stream as jsonrpc2 reads it. It keeps what jsonrpc2 does
// not: the ids of requests, of whatever form, and peers that half-close. Closing
// it gives its room back.
type streamOf struct{ c *Conn }

var _ jsonrpc2.ObjectStream = streamOf{}

// ReadObject reads the next request, or answer, of the peer. What is neither is
// refused in JSON-RPC's own words; the stream ends when it is no JSON at all. A
// peer that has sent its last request gets its answers first.
func (s streamOf) ReadObject(v any) error {
	for {
		err := s.c.stream.ReadObject(&incoming{v})
		var odd *oddFrame
		switch {
		case errors.As(err, &odd):
			if err := s.WriteObject(odd); err != nil {
				return err
			}
			continue
		case err == io.EOF && s.c.server.connections.deafen(s.c):
			s.c.deafen()
			awaitHangup(s.c.socket)
		case notJSON(err):
			_ = s.WriteObject(&oddFrame{jsonrpc2.CodeParseError, "this line is no JSON"})
		}
		return err
	}
}

func (s streamOf) WriteObject(v any) error {
	s.c.unwritten.Lock()
	defer s.c.unwritten.Unlock()
	return s.c.stream.WriteObject(outgoing{v})
}

func (s streamOf) Close() error {
	err := s.c.stream.Close()
	s.c.server.connections.remove(s.c)
	return err
}
