package wire_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/mfad/mfad/agent/wire"
)

// pipe makes a reader a wire.Pipe that records what is written and when a
// deadline is set.
type pipe struct {
	io.Reader
	writes   [][]byte
	failing  error // of the next write
	closed   bool
	deadline time.Time // of reading
}

func (p *pipe) Write(b []byte) (int, error) {
	p.writes = append(p.writes, bytes.Clone(b))
	return len(b), p.failing
}
func (p *pipe) Close() error                      { p.closed = true; return nil }
func (p *pipe) SetReadDeadline(t time.Time) error { p.deadline = t; return nil }
func (p *pipe) SetWriteDeadline(time.Time) error  { return nil }
func reading(text string) (*pipe, *wire.Stream)   { return readingFrom(strings.NewReader(text)) }
func readingFrom(r io.Reader) (*pipe, *wire.Stream) {
	p := &pipe{Reader: r}
	return p, wire.NewStream(p, wire.AgentLimits)
}

// frames reads objects until the stream ends.
func frames(s *wire.Stream) (objects []string, err error) {
	for {
		var m json.RawMessage
		if err := s.ReadObject(&m); err != nil {
			return objects, err
		}
		objects = append(objects, string(m))
	}
}

func TestReadObjectTakesLinesHoweverTheyArrive(t *testing.T) {
	long := `"` + strings.Repeat("x", wire.MaxFrame-2) + `"`
	text := "{}\n" + long + "\n[1,\t2]\r\n" + long + "\n3\n"
	want := []string{"{}", long, "[1,\t2]", long, "3"}
	for name, r := range map[string]io.Reader{
		"at once": strings.NewReader(text), "byte by byte": iotest.OneByteReader(strings.NewReader(text)),
		"by halves": iotest.HalfReader(strings.NewReader(text)), "with the error": iotest.DataErrReader(strings.NewReader(text)),
	} {
		t.Run(name, func(t *testing.T) {
			_, s := readingFrom(r)
			got, err := frames(s)
			if err != io.EOF {
				t.Errorf("ended with %v", err)
			}
			if len(got) != len(want) {
				t.Fatalf("%d objects", len(got))
			}
			for i := range want {
				if got[i] != want[i] {
					t.Errorf("object %d is %.40q…", i, got[i])
				}
			}
		})
	}
}

func TestReadObjectRefuses(t *testing.T) {
	for _, row := range []struct {
		name, text string
		want       error
	}{
		{"a line too long", strings.Repeat(" ", wire.MaxFrame+1) + "\n", wire.ErrFrameTooLong},
		{"a line that does not end", strings.Repeat(" ", 2*wire.MaxFrame), wire.ErrFrameTooLong},
		{"half a line", `{"a":`, io.ErrUnexpectedEOF},
		{"nothing", "", io.EOF},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, s := reading(row.text)
			if _, err := frames(s); !errors.Is(err, row.want) {
				t.Errorf("got %v", err)
			}
		})
	}
	for _, text := range []string{"\n", "x\n", "{}{}\n", "\x00\n", "\xff\n"} {
		_, s := reading(text)
		var m json.RawMessage
		if err := s.ReadObject(&m); err == nil {
			t.Errorf("%q is an object: %s", text, m)
		}
	}
}

// A frame's clock runs from its first byte to its newline, and not between frames.
func TestFrameMustEndInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		s := wire.NewStream(ours, wire.AgentLimits)
		got := make(chan error)
		go func() {
			for {
				var m json.RawMessage
				err := s.ReadObject(&m)
				got <- err
				if err != nil {
					return
				}
			}
		}()
		for range 2 {
			time.Sleep(24 * time.Hour)
			_, _ = io.WriteString(theirs, "{")
			time.Sleep(wire.FrameTime - time.Nanosecond)
			_, _ = io.WriteString(theirs, "}\n")
			if err := <-got; err != nil {
				t.Fatalf("a slow frame in time: %v", err)
			}
		}
		begun := time.Now()
		over := make(chan struct{})
		go func() {
			defer close(over)
			for range 100 { // a byte a time does not wind the clock back
				if _, err := io.WriteString(theirs, " "); err != nil {
					return
				}
				time.Sleep(wire.FrameTime / 4)
			}
		}()
		if err := <-got; !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(begun) != wire.FrameTime {
			t.Errorf("got %v after %v", err, time.Since(begun))
		}
		_ = ours.Close()
		_ = theirs.Close()
		<-over
	})
}

func TestFrameThatArrivesWholeSetsNoDeadline(t *testing.T) {
	p, s := reading("{}\n{}\n")
	if _, err := frames(s); err != io.EOF {
		t.Fatal(err)
	}
	if !p.deadline.IsZero() {
		t.Error("a deadline was left")
	}
}

func TestWriteObjectIsOneWriteOfOneLine(t *testing.T) {
	p, s := reading("")
	if err := s.WriteObject(wire.Message{Version: "2.0", Method: "a\nb", Params: json.RawMessage("{ \"c\" :\n 1}")}); err != nil {
		t.Fatal(err)
	}
	if want := `{"jsonrpc":"2.0","method":"a\nb","params":{"c":1}}` + "\n"; len(p.writes) != 1 || string(p.writes[0]) != want {
		t.Errorf("wrote %q", p.writes)
	}
}

func TestWriteObjectSendsNothingThatIsTooLong(t *testing.T) {
	p := &pipe{}
	s := wire.NewStream(p, wire.ClientLimits)
	if err := s.WriteObject(strings.Repeat("x", wire.MaxFrame-2)); err != nil {
		t.Errorf("a line of the limit: %v", err)
	}
	if err := s.WriteObject(strings.Repeat("x", wire.MaxFrame-1)); !errors.Is(err, wire.ErrFrameTooLong) {
		t.Errorf("a line over the limit: %v", err)
	}
	if err := s.WriteObject(raw("1\n2")); err == nil {
		t.Error("two lines were sent as one object")
	}
	if len(p.writes) != 1 || p.closed {
		t.Errorf("%d writes, closed: %v", len(p.writes), p.closed)
	}
}

type raw string

func (r raw) MarshalJSON() ([]byte, error) { return []byte(r), nil }

func TestFailedWriteClosesThePipe(t *testing.T) {
	p := &pipe{failing: os.ErrDeadlineExceeded}
	if err := wire.NewStream(p, wire.ClientLimits).WriteObject(1); !errors.Is(err, os.ErrDeadlineExceeded) || !p.closed {
		t.Errorf("got %v, closed: %v", err, p.closed)
	}
}

// A reader that does not read must not hold its writer for ever.
func TestWriteMustEndInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		begun := time.Now()
		err := wire.NewStream(ours, wire.AgentLimits).WriteObject(1)
		if !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(begun) != wire.FrameTime {
			t.Errorf("got %v after %v", err, time.Since(begun))
		}
		_ = theirs.Close()
	})
}

// The buffer lives as long as the connection; what passed through must not.
func TestReadObjectWipesItsBuffer(t *testing.T) {
	tap := &tap{Reader: iotest.HalfReader(strings.NewReader(`"hunter2-` + strings.Repeat("x", 9000) + "\"\n1\n"))}
	_, s := readingFrom(tap)
	if got, err := frames(s); err != io.EOF || len(got) != 2 {
		t.Fatal(err)
	}
	for _, b := range tap.buffers {
		if bytes.Contains(b[:cap(b)], []byte("hunter2")) || bytes.Contains(b[:cap(b)], []byte("xx")) {
			t.Errorf("a buffer of %d bytes still holds the secret", cap(b))
		}
	}
}

// tap remembers where its reader wrote to.
type tap struct {
	io.Reader
	buffers [][]byte
}

func (t *tap) Read(b []byte) (int, error) {
	t.buffers = append(t.buffers, b)
	return t.Reader.Read(b)
}

func FuzzFrame(f *testing.F) {
	for _, seed := range []string{
		`{"jsonrpc":"2.0","id":1,"method":"credentials","params":{"v":2,"client":"1.0","tty":true,"params":{"profile":"prod"}}}` + "\n",
		`{"jsonrpc":"2.0","id":"a","result":{"document":{"Version":1}}}` + "\n" + `{"jsonrpc":"2.0","id":1,"error":{"code":3,"message":"bad request"}}` + "\n",
		"{}\n[]\n", "\n", "{", strings.Repeat("[", 20000) + "\n", strings.Repeat(" ", wire.MaxFrame+2),
		"\"\\ud800\xff\"\n1", `{"method":"a","method":1,"Method":"b"}` + "\r\n",
	} {
		f.Add([]byte(seed), uint16(7))
	}
	f.Fuzz(func(t *testing.T, text []byte, chunk uint16) {
		_, whole := readingFrom(bytes.NewReader(text))
		_, parts := readingFrom(&chunks{text, int(chunk)%5000 + 1})
		want, wantErr := frames(whole)
		got, err := frames(parts)
		if strings.Join(got, "\n") != strings.Join(want, "\n") || len(got) != len(want) || err.Error() != wantErr.Error() {
			t.Fatalf("in chunks: %d objects, then %v; at once: %d, then %v", len(got), err, len(want), wantErr)
		}
		for _, object := range got {
			if len(object) > wire.MaxFrame {
				t.Fatalf("an object of %d bytes passed", len(object))
			}
			var m wire.Message
			if json.Unmarshal([]byte(object), &m) != nil {
				continue
			}
			roundTrip(t, m)
		}
	})
}

// roundTrip checks that a message that was read is read again as it is sent.
func roundTrip(t *testing.T, m wire.Message) {
	out := &pipe{}
	if err := wire.NewStream(out, wire.AgentLimits).WriteObject(m); err != nil {
		t.Fatalf("sending what was read: %v", err)
	}
	if len(out.writes) != 1 || bytes.IndexByte(out.writes[0], '\n') != len(out.writes[0])-1 {
		t.Fatalf("not one line in one write: %q", out.writes)
	}
	var again wire.Message
	back := wire.NewStream(&pipe{Reader: bytes.NewReader(out.writes[0])}, wire.ClientLimits)
	if err := back.ReadObject(&again); err != nil || again.Method != m.Method {
		t.Fatalf("sent %q, read %+v, %v", out.writes[0], again, err)
	}
}

// chunks reads n bytes at a time.
type chunks struct {
	rest []byte
	n    int
}

func (c *chunks) Read(b []byte) (int, error) {
	if len(c.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(b[:min(len(b), c.n)], c.rest)
	c.rest = c.rest[n:]
	return n, nil
}
