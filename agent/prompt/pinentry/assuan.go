package pinentry

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/mfad/mfad/agent/prompt"
)

// Bounds of Assuan (libassuan's manual, "Server responses"), and ours of a
// secret.
const (
	maxLine   = 1000 // with its newline
	maxSecret = 4096
)

// How long an answer may take: a person's has the context's time alone.
const (
	quick   = 15 * time.Second
	forever = time.Duration(0)
)

var errNonsense = errors.New("it does not answer as a pinentry does")

// refusalError is an ERR line.
type refusalError struct {
	code uint64 // without its source
	text string
}

func (e *refusalError) Error() string { return fmt.Sprintf("error %d: %s", e.code, e.text) }

// assuan is the client's end of the protocol. What it has read it wipes.
type assuan struct {
	in  *os.File // of the server
	out *os.File
	buf [2 * maxLine]byte // what was read: line, then what follows it
	n   int               // bytes of buf
	end int               // of the line in it, newline included

	mu   sync.Mutex
	over bool // nobody waits for an answer any more
}

// giveUp ends the wait for this answer and for all that follow.
func (a *assuan) giveUp() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.over = true
	_ = a.out.SetReadDeadline(time.Now())
}

// await says until when to read, zero for ever.
func (a *assuan) await(end time.Time) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.over {
		return os.ErrDeadlineExceeded
	}
	return a.out.SetReadDeadline(end)
}

// send writes a command. What does not fit the line is cut off.
func (a *assuan) send(command, text string) error {
	line := command
	if text != "" {
		line += " "
	}
	line += escape(text, maxLine-len(line)-1)
	_, err := io.WriteString(a.in, line+"\n")
	if err != nil {
		return gone(err)
	}
	return nil
}

// escape is text as an argument of at most n bytes, cut between characters.
func escape(text string, n int) string {
	var b strings.Builder
	for _, r := range text {
		part := string(r)
		if r == '%' || r < ' ' || r == 0x7f {
			part = fmt.Sprintf("%%%02X", r)
		}
		const mark = "…"
		if b.Len()+len(part) > n-len(mark) {
			b.WriteString(mark)
			break
		}
		b.WriteString(part)
	}
	return b.String()
}

// answer reads lines until one says how the last command ended, and returns
// the data between, which the caller wipes, error or not.
func (a *assuan) answer(within time.Duration) (data []byte, err error) {
	var end time.Time
	if within != forever {
		end = time.Now().Add(within)
	}
	if err := a.await(end); err != nil {
		return nil, gone(err)
	}
	for {
		line, err := a.line()
		if err != nil {
			return data, err
		}
		word, rest, _ := bytes.Cut(line, []byte(" "))
		switch string(word) {
		case "OK":
			return data, nil
		case "ERR":
			return data, refused(string(rest))
		case "D":
			if data == nil {
				data = make([]byte, 0, maxSecret) // it is never copied by growing
			}
			if len(data)+len(rest) > maxSecret {
				return data, errNonsense
			}
			data = unescape(data, rest)
		case "S", "#":
			// tells what nobody needs to know
		default:
			return data, errNonsense
		}
	}
}

// line is the next line without its end, valid until the next call.
func (a *assuan) line() ([]byte, error) {
	rest := copy(a.buf[:], a.buf[a.end:a.n])
	clear(a.buf[rest:a.n])
	a.n, a.end = rest, 0
	for {
		if i := bytes.IndexByte(a.buf[:a.n], '\n'); i >= 0 {
			a.end = i + 1
			return a.buf[:i], nil
		}
		if a.n == len(a.buf) {
			return nil, errNonsense
		}
		n, err := a.out.Read(a.buf[a.n:])
		if a.n += n; n == 0 && err != nil {
			return nil, gone(err)
		}
	}
}

// wipe forgets what was read.
func (a *assuan) wipe() {
	clear(a.buf[:])
	a.n, a.end = 0, 0
}

func refused(text string) error {
	number, words, _ := strings.Cut(text, " ")
	code, err := strconv.ParseUint(number, 10, 32)
	if err != nil {
		return errNonsense
	}
	return &refusalError{code & 0xffff, prompt.Visible(words)}
}

// unescape appends a data line to data, of which there is room for it.
func unescape(data, line []byte) []byte {
	for i := 0; i < len(line); i++ {
		if line[i] == '%' && i+2 < len(line) {
			if high, low := hex(line[i+1]), hex(line[i+2]); high >= 0 && low >= 0 {
				data = append(data, byte(high<<4|low))
				i += 2
				continue
			}
		}
		data = append(data, line[i])
	}
	return data
}

func hex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

// gone says that the pinentry ended, or hangs.
func gone(err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return errors.New("it hangs")
	}
	return errors.New("it ended before it had an answer")
}
