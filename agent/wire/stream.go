package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/sourcegraph/jsonrpc2"

	"github.com/mfad/mfad/internal/sealed"
)

// MaxAnswer is the longest line that a client accepts, in bytes: the agent is
// trusted with more than its clients are, and a listing may be long.
const MaxAnswer = 16 << 20

// FrameTime is how long a frame may take from its first byte to its newline,
// and how long the other side may take to make room for one.
const FrameTime = 2 * time.Second

// ErrFrameTooLong says that a line is longer than its reader accepts.
var ErrFrameTooLong = errors.New("wire: frame too long")

// Pipe is the part of a net.Conn that a [Stream] needs.
type Pipe interface {
	io.ReadWriteCloser
	SetReadDeadline(time.Time) error
	SetWriteDeadline(time.Time) error
}

// Limits bound the lines of a [Stream], in bytes without the newline, and the
// time that a line may take, both ways; 0 is no bound.
type Limits struct {
	Read, Write int
	Frame       time.Duration
	// Secrets are the fields that are lifted out of a line before it is decoded
	// (package sealed).
	Secrets []string
}

// The two ends of a connection. A client's calls have a deadline as a whole,
// and it trusts the agent: a clock for each frame would wake one more thread
// on the start-up path of every verb.
var (
	AgentLimits  = Limits{Read: MaxFrame, Write: MaxAnswer, Frame: FrameTime, Secrets: secrets}
	ClientLimits = Limits{Read: MaxAnswer, Write: MaxFrame}
)

// Stream carries one JSON object a line, each written by one Write. It has at
// most one reader and one writer at a time. An idle stream waits for ever; a
// frame that has begun must end within the frame time of its limits. After any
// error but [ErrFrameTooLong] of a write, which sends nothing, the stream is
// useless.
type Stream struct {
	pipe   Pipe
	limits Limits

	in         []byte // in[start:end] is read and not yet used
	start, end int
	timed      bool // a read deadline is set
	tickets    sealed.Tickets
}

var _ jsonrpc2.ObjectStream = (*Stream)(nil)

// keep is the buffer that an idle stream holds on to.
const keep = 4 << 10

// NewStream frames pipe. Close closes it.
func NewStream(pipe Pipe, limits Limits) *Stream {
	return &Stream{pipe: pipe, limits: limits}
}

// Close closes the pipe under the stream; a waiting reader returns. Secrets that
// nobody has decoded are wiped.
func (s *Stream) Close() error {
	s.tickets.Drop()
	return s.pipe.Close()
}

// ReadObject decodes the next line into v and wipes it from the buffer, which
// lives as long as the connection. It returns io.EOF between frames and
// io.ErrUnexpectedEOF within one.
func (s *Stream) ReadObject(v any) error {
	line, err := s.next()
	if err != nil {
		return err
	}
	err = json.Unmarshal(s.tickets.Lift(line, s.limits.Secrets), v)
	clear(line)
	s.shrink()
	if err != nil {
		return fmt.Errorf("wire: decoding a frame: %w", err)
	}
	return nil
}

// next is the next line without its newline, valid until the next read.
func (s *Stream) next() ([]byte, error) {
	for seen := 0; ; {
		pending := s.in[s.start:s.end]
		if i := bytes.IndexByte(pending[seen:], '\n'); i >= 0 {
			line := pending[:seen+i]
			if len(line) > s.limits.Read {
				return nil, ErrFrameTooLong
			}
			s.start += len(line) + 1
			return line, s.untime()
		}
		if seen = len(pending); seen > s.limits.Read {
			return nil, ErrFrameTooLong
		}
		if err := s.fill(); err != nil {
			return nil, err
		}
	}
}

// fill reads once; the clock runs when a frame has begun.
func (s *Stream) fill() error {
	begun := s.end > s.start
	if begun && !s.timed && s.limits.Frame > 0 {
		if err := s.pipe.SetReadDeadline(time.Now().Add(s.limits.Frame)); err != nil {
			return err
		}
		s.timed = true
	}
	s.room()
	n, err := s.pipe.Read(s.in[s.end:])
	s.end += n
	switch {
	case n > 0:
		return nil
	case err == io.EOF && begun:
		return io.ErrUnexpectedEOF
	case err == nil:
		return io.ErrNoProgress
	}
	return err
}

// untime stops the clock.
func (s *Stream) untime() error {
	if !s.timed {
		return nil
	}
	s.timed = false
	return s.pipe.SetReadDeadline(time.Time{})
}

// room makes space after end: by moving what is pending to the front, else by
// doubling. It leaves no copy behind.
func (s *Stream) room() {
	if s.end < len(s.in) {
		return
	}
	from, to := s.in, s.in
	if s.start == 0 {
		to = make([]byte, max(keep, min(2*len(s.in), s.limits.Read+1+keep)))
	}
	n := copy(to, from[s.start:s.end])
	if s.start == 0 {
		clear(from)
	} else {
		clear(from[n:])
	}
	s.in, s.start, s.end = to, 0, n
}

// shrink lets a buffer go that a long line has left.
func (s *Stream) shrink() {
	if s.start == s.end {
		s.start, s.end = 0, 0
		if len(s.in) > keep {
			s.in = nil
		}
	}
}

// WriteObject sends v as one line in one Write, and wipes its buffer. A line
// over the limit is [ErrFrameTooLong], and nothing is sent. When a write
// fails, the pipe is closed: half a frame may be out.
func (s *Stream) WriteObject(v any) error {
	line, err := encode(v)
	if err != nil {
		return fmt.Errorf("wire: encoding a frame: %w", err)
	}
	line = sealed.Fill(line)
	defer clear(line)
	if len(line)-1 > s.limits.Write {
		return ErrFrameTooLong
	}
	if err = s.write(line); err != nil {
		_ = s.pipe.Close()
	}
	return err
}

func (s *Stream) write(line []byte) error {
	if s.limits.Frame > 0 {
		if err := s.pipe.SetWriteDeadline(time.Now().Add(s.limits.Frame)); err != nil {
			return err
		}
	}
	_, err := s.pipe.Write(line)
	return err
}

// encode is v as JSON and a newline. What marshals itself is asked directly:
// json.Marshal would check and compact it once more, a third of a write.
func encode(v any) (line []byte, err error) {
	if own, ok := v.(json.Marshaler); ok {
		line, err = own.MarshalJSON()
	} else {
		line, err = json.Marshal(v)
	}
	if err != nil {
		return nil, err
	}
	if bytes.IndexByte(line, '\n') >= 0 {
		return nil, errors.New("a newline within the object")
	}
	return append(line, '\n'), nil
}
