package screentest

import (
	"bytes"
	"errors"
	"io"
	"os"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// patience is how long a screen waits for what is to come.
const patience = 20 * time.Second

// Screen is a terminal with a person before it. What goes wrong ends its test,
// so that only the goroutine of the test may use it.
type Screen struct {
	// TTY is a program's end; its name is its path. It is held open until the
	// test is over, so that the end of a program is no hang-up; a test that
	// wants one closes it.
	TTY *os.File

	tb     testing.TB
	person *os.File
	shown  []byte
	seen   int // of shown, by Expect
}

// New makes a screen of no size for the time of a test.
func New(tb testing.TB) *Screen {
	tb.Helper()
	person, tty := Open(tb)
	return &Screen{TTY: tty, tb: tb, person: person}
}

// Open makes a terminal for the time of a test: the end of a person, whose
// reads have deadlines and are over when it is closed, and that of a program.
// It becomes nobody's controlling terminal, and no program inherits it unasked.
func Open(tb testing.TB) (person, tty *os.File) {
	tb.Helper()
	person, tty, err := pty.Open()
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _, _ = person.Close(), tty.Close() })
	// The library takes its Fd, which makes it block past any deadline.
	if err := unix.SetNonblock(int(person.Fd()), true); err != nil {
		tb.Fatal(err)
	}
	return person, tty
}

// Echoes tells whether a terminal shows what is typed. Either end of it will do.
func Echoes(terminal *os.File) (bool, error) {
	raw, err := terminal.SyscallConn() // Fd would make it blocking
	if err != nil {
		return false, err
	}
	var state *unix.Termios
	var stateErr error
	err = raw.Control(func(fd uintptr) { state, stateErr = unix.IoctlGetTermios(int(fd), unix.TCGETS) })
	if err := errors.Join(err, stateErr); err != nil {
		return false, err
	}
	return state.Lflag&unix.ECHO != 0, nil
}

// Echoes tells whether the screen shows what is typed.
func (s *Screen) Echoes() bool {
	s.tb.Helper()
	on, err := Echoes(s.person)
	if err != nil {
		s.tb.Fatal(err)
	}
	return on
}

// Expect reads on until the text is shown, after what was expected before. It
// waits for 20 s.
func (s *Screen) Expect(text string) {
	s.tb.Helper()
	if err := s.person.SetReadDeadline(time.Now().Add(patience)); err != nil {
		s.tb.Fatal(err)
	}
	buf := make([]byte, 4096)
	for {
		if i := bytes.Index(s.shown[s.seen:], []byte(text)); i >= 0 {
			s.seen += i + len(text)
			return
		}
		n, err := s.person.Read(buf)
		if err != nil {
			s.tb.Fatalf("waiting for %q: %v; shown: %q", text, err, s.shown)
		}
		s.shown = append(s.shown, buf[:n]...)
	}
}

// Shown is all that Expect has read.
func (s *Screen) Shown() string { return string(s.shown) }

// Send types the text at once.
func (s *Screen) Send(text string) {
	s.tb.Helper()
	if _, err := io.WriteString(s.person, text); err != nil {
		s.tb.Fatal(err)
	}
}

// SendUnseen types the text once the screen does not show it: a program shows
// its prompt a moment before, when the terminal would still take a key for
// itself. It waits for 20 s.
func (s *Screen) SendUnseen(text string) {
	s.tb.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for over := time.Now().Add(patience); s.Echoes(); <-tick.C {
		if time.Now().After(over) {
			s.tb.Fatalf("no program hides what is typed; shown: %q", s.shown)
		}
	}
	s.Send(text)
}
