// Package sealed carries secrets in JSON without a copy in anybody's hands.
//
// JSON libraries copy what they read and write into strings and pooled buffers
// that nobody can wipe. So a stream takes the secrets out of a line before
// anybody decodes it, and puts them into a line after everybody has encoded it:
// in between, a ticket stands in their place. [Lift] and [Fill] do that, in
// buffers that the stream owns and wipes; [Bytes], [Text] and [Object] are the
// types of fields that hold secrets.
//
// A secret waits for its ticket for as long as a call takes: a stream drops those
// of its peer when it closes, and [Drop] those that were never written.
package sealed

import (
	"bytes"
	"crypto/rand"
	"slices"
	"sync"
)

// prefix begins each ticket. What follows cannot be guessed, so that nobody who
// writes to a stream gets another's secret.
const (
	prefix    = "mfad-sealed-"
	ticketLen = len(prefix) + 26 // rand.Text
)

// cloakroom is where secrets wait for who has their ticket.
var cloakroom = struct {
	sync.Mutex
	waiting map[string][]byte
	written []string // the last tickets that MarshalJSON gave out, oldest first
}{waiting: map[string][]byte{}}

// mostWritten bounds what waits to be written: it is written at once, or never,
// because the peer has gone.
const mostWritten = 1024

// deposit keeps a JSON value for who brings the ticket. It owns value then.
func deposit(value []byte) (ticket string) {
	ticket = prefix + rand.Text()
	cloakroom.Lock()
	defer cloakroom.Unlock()
	cloakroom.waiting[ticket] = value
	return ticket
}

// depositWritten is deposit of what a stream is to write.
func depositWritten(value []byte) (ticket string) {
	ticket = deposit(value)
	cloakroom.Lock()
	defer cloakroom.Unlock()
	cloakroom.written = append(cloakroom.written, ticket)
	for len(cloakroom.written) > 1 {
		first := cloakroom.waiting[cloakroom.written[0]]
		if first != nil && len(cloakroom.written) <= mostWritten {
			break
		}
		clear(first)
		delete(cloakroom.waiting, cloakroom.written[0])
		cloakroom.written = cloakroom.written[1:]
	}
	return ticket
}

// Drop wipes all that waits to be written. Who waits for it gets an empty text.
func Drop() {
	cloakroom.Lock()
	defer cloakroom.Unlock()
	for _, ticket := range cloakroom.written {
		clear(cloakroom.waiting[ticket])
		delete(cloakroom.waiting, ticket)
	}
	cloakroom.written = nil
}

// take gives a JSON value back, for the caller to wipe; nil if there is none.
func take(ticket []byte) []byte {
	cloakroom.Lock()
	defer cloakroom.Unlock()
	value := cloakroom.waiting[string(ticket)]
	delete(cloakroom.waiting, string(ticket))
	return value
}

// mostTickets is how many secrets of one stream may wait. A peer that sends more
// than are asked for loses the first.
const mostTickets = 64

// Tickets are those that a stream has given out. The zero value is ready. One
// goroutine at a time lifts; Drop may come at any time.
type Tickets struct {
	mu     sync.Mutex
	issued []string
}

// Lift replaces the secrets of a line by tickets, wiping it, and returns what is
// left to decode, which is line itself when it holds none. Secrets are the strings
// that are values of fields, at any depth.
func (t *Tickets) Lift(line []byte, fields []string) []byte {
	var out []byte
	from := 0
	for {
		start, end := nextSecret(line, from, fields)
		if start < 0 {
			break
		}
		out = append(out, line[from:start+1]...)
		out = append(out, t.issue(bytes.Clone(line[start:end]))...)
		out = append(out, '"')
		from = end
	}
	if out == nil {
		return line
	}
	out = append(out, line[from:]...)
	clear(line)
	return out
}

func (t *Tickets) issue(value []byte) string {
	ticket := deposit(value)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.issued = append(t.issued, ticket)
	if len(t.issued) > mostTickets {
		clear(take([]byte(t.issued[0])))
		t.issued = t.issued[1:]
	}
	return ticket
}

// Drop wipes what nobody has asked for.
func (t *Tickets) Drop() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, ticket := range t.issued {
		clear(take([]byte(ticket)))
	}
	t.issued = nil
}

// nextSecret finds the string, with its quotes, that is the next value of one of
// fields; start is -1 if there is none.
func nextSecret(line []byte, from int, fields []string) (start, end int) {
	for at := from; ; {
		colon := bytes.IndexByte(line[at:], ':')
		if colon < 0 {
			return -1, -1
		}
		at += colon + 1
		if !endsWithName(line[from:at-1], fields) {
			continue
		}
		start = at + len(line[at:]) - len(bytes.TrimLeft(line[at:], blanks))
		if start < len(line) && line[start] == '"' {
			if end = stringEnd(line, start); end > 0 {
				return start, end
			}
		}
	}
}

const blanks = " \t\r\n"

// endsWithName tells whether text ends with a string that is one of fields. A
// quote within a string has a backslash before it, which no name has.
func endsWithName(text []byte, fields []string) bool {
	text, quoted := bytes.CutSuffix(bytes.TrimRight(text, blanks), []byte(`"`))
	if !quoted {
		return false
	}
	open := bytes.LastIndexByte(text, '"')
	if open < 0 {
		return false
	}
	return slices.Contains(fields, string(text[open+1:]))
}

// stringEnd is the index after the string that begins at start, 0 if it does not
// end.
func stringEnd(line []byte, start int) int {
	for i := start + 1; i < len(line); i++ {
		switch line[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return 0
}

// Fill puts the secrets into a line in place of their tickets. The result is for
// the caller to wipe; it is line itself when there are none.
func Fill(line []byte) []byte {
	var out []byte
	for {
		at := bytes.Index(line, []byte(`"`+prefix))
		if at < 0 || at+ticketLen+2 > len(line) {
			break
		}
		value := take(line[at+1 : at+1+ticketLen])
		if value == nil {
			value = []byte(`""`) // nobody's: somebody wrote a text that looks like one
		}
		grown := make([]byte, 0, len(out)+len(line)+len(value))
		grown = append(append(append(grown, out...), line[:at]...), value...)
		clear(out)
		clear(value)
		out, line = grown, line[at+ticketLen+2:]
	}
	if out == nil {
		return line
	}
	if cap(out)-len(out) < len(line) {
		panic("sealed: a line that grew") // room for all that follows was made above
	}
	return append(out, line...)
}
