package pinentry_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"testing"
	"time"

	"github.com/mfad/mfad/agent/prompt/pinentry"
	"github.com/mfad/mfad/agent/wire"
	"golang.org/x/sys/unix"
)

// screen is a pseudo terminal that a pinentry asks on.
type screen struct {
	t      *testing.T
	master *os.File
	path   string
	all    []byte // shown so far
	seen   int    // of all, by expect
}

func newScreen(t *testing.T) *screen {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = master.Close() })
	s := &screen{t: t, master: master}
	s.control(func(fd int) error {
		if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
			return err
		}
		number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
		s.path = fmt.Sprintf("/dev/pts/%d", number)
		return errors.Join(err, unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 30, Col: 132}))
	})
	slave, err := os.OpenFile(s.path, os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = slave.Close() }) // held open: the end of a pinentry is no hang-up
	return s
}

func (s *screen) control(do func(fd int) error) {
	s.t.Helper()
	raw, err := s.master.SyscallConn()
	if err != nil {
		s.t.Fatal(err)
	}
	var inner error
	if err := errors.Join(raw.Control(func(fd uintptr) { inner = do(int(fd)) }), inner); err != nil {
		s.t.Fatal(err)
	}
}

// expect reads on until the text has been shown.
func (s *screen) expect(text string) {
	s.t.Helper()
	if err := s.master.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		s.t.Fatal(err)
	}
	buf := make([]byte, 4096)
	for {
		if i := bytes.Index(s.all[s.seen:], []byte(text)); i >= 0 {
			s.seen += i + len(text)
			return
		}
		n, err := s.master.Read(buf)
		if err != nil {
			s.t.Fatalf("waiting for %q: %v; shown: %q", text, err, s.all)
		}
		s.all = append(s.all, buf[:n]...)
	}
}

// send types once the pinentry reads keys: it shows its prompt a moment before,
// when the terminal would still take a key for itself.
func (s *screen) send(text string) {
	s.t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for tries := 0; s.echoes(); tries++ {
		if tries > 20_000 {
			s.t.Fatalf("no pinentry reads keys; shown: %q", s.all)
		}
		<-tick.C
	}
	s.write(text)
}

func (s *screen) write(text string) {
	s.t.Helper()
	if _, err := io.WriteString(s.master, text); err != nil {
		s.t.Fatal(err)
	}
}

func (s *screen) echoes() (on bool) {
	s.t.Helper()
	s.control(func(fd int) error {
		termios, err := unix.IoctlGetTermios(fd, unix.TCGETS)
		on = err == nil && termios.Lflag&unix.ECHO != 0
		return err
	})
	return on
}

// flavour is a real pinentry, and how a person answers it.
type flavour struct {
	program         string
	cancel, yes, no string // keys
	choice          string // shown last, where a choice is offered
	raw             bool   // draws a dialog
}

var flavours = []flavour{
	{"pinentry-tty", "\x03", "y", "n", "[yn]? ", false},
	{"pinentry-curses", "\t\t\r", "\r", "\t\r", "<No>", true},
}

// onEach runs a test on each real pinentry. The answer of ask arrives on the
// channel that play is given the screen for.
func onEach[R any](t *testing.T, ask func(ctx context.Context, p *pinentry.Pinentry) (R, error), play func(t *testing.T, f flavour, s *screen, done <-chan outcome[R])) {
	for _, f := range flavours {
		t.Run(f.program, func(t *testing.T) {
			t.Setenv("HOME", t.TempDir())
			// A pinentry dies of the interrupt key, unless these tests run in the
			// background of a shell, which has its jobs ignore that.
			interrupts := make(chan os.Signal, 1)
			signal.Notify(interrupts, os.Interrupt)
			defer signal.Stop(interrupts)
			s := newScreen(t)
			p := &pinentry.Pinentry{Program: f.program, TTY: s.path, TTYType: "xterm"}
			done := make(chan outcome[R], 1)
			go func() {
				r, err := ask(t.Context(), p)
				done <- outcome[R]{r, err}
			}()
			play(t, f, s, done)
			if !s.echoes() {
				t.Error("the terminal is left without echo")
			}
		})
	}
}

type outcome[R any] struct {
	answer R
	err    error
}

// pressUntil presses the keys, and again every second, as a person would, until
// the answer is there: pinentry-tty takes an interrupt that comes between its
// prompt and its read for nothing.
func pressUntil[R any](s *screen, keys string, done <-chan outcome[R]) outcome[R] {
	again := time.NewTicker(time.Second)
	defer again.Stop()
	s.send(keys)
	for {
		select {
		case got := <-done:
			return got
		case <-again.C:
			s.write(keys)
		}
	}
}

var pin = wire.PromptSecretParams{
	What: "PIN", Again: "wrong PIN", Token: "YubiKey 5 NFC (serial 12345678)", Tries: 2,
	Profile: "prod", Asker: "100%25 \"grün\" %0A é\nnext",
}

func TestRealPinentryGivesThePIN(t *testing.T) {
	onEach(t, func(ctx context.Context, p *pinentry.Pinentry) (wire.PromptSecretResult, error) {
		return p.Secret(ctx, pin)
	},
		func(t *testing.T, f flavour, s *screen, done <-chan outcome[wire.PromptSecretResult]) {
			if f.raw {
				s.expect("PIN")
			}
			s.expect("wrong PIN")
			s.expect("PIN:")
			for _, fact := range []string{
				"token: YubiKey 5 NFC (serial 12345678)", "tries: 2 left", "profile: prod",
				`asked by: 100%25 "grün" %0A é\nnext`,
			} {
				if !f.raw && !bytes.Contains(s.all, []byte(fact)) {
					t.Errorf("%q is not shown: %q", fact, s.all)
				}
			}
			s.send("12 %25é#\r")
			got := <-done
			if got.err != nil || string(got.answer.Secret) != "12 %25é#" {
				t.Errorf("got %q, %v; shown: %q", got.answer.Secret, got.err, s.all)
			}
			if bytes.Contains(s.all, []byte("12 %25")) {
				t.Error("the PIN is shown")
			}
		})
}

func TestRealPinentryIsCancelled(t *testing.T) {
	onEach(t, func(ctx context.Context, p *pinentry.Pinentry) (wire.PromptSecretResult, error) {
		return p.Secret(ctx, pin)
	},
		func(t *testing.T, f flavour, s *screen, done <-chan outcome[wire.PromptSecretResult]) {
			s.expect("PIN:")
			got := pressUntil(s, f.cancel, done)
			if got.err != nil || !got.answer.Dismissed || got.answer.Secret != nil {
				t.Errorf("got %+v, %v", got.answer, got.err)
			}
		})
}

func TestRealPinentryConfirms(t *testing.T) {
	for _, yes := range []bool{true, false} {
		onEach(t, func(ctx context.Context, p *pinentry.Pinentry) (wire.PromptConfirmResult, error) {
			return p.Confirm(ctx, wire.PromptConfirmParams{Question: "Trust http://127.0.0.1:9 with 100%?", Profile: "prod", Asker: "aws"})
		}, func(t *testing.T, f flavour, s *screen, done <-chan outcome[wire.PromptConfirmResult]) {
			s.expect("Trust http://127.0.0.1:9 with 100%?")
			s.expect("profile: prod")
			s.expect("asked by: aws")
			s.expect(f.choice)
			keys := f.no
			if yes {
				keys = f.yes
			}
			s.send(keys)
			if got := <-done; got.err != nil || got.answer.Yes != yes {
				t.Errorf("got %+v, %v, not %v; shown: %q", got.answer, got.err, yes, s.all)
			}
		})
	}
}

func TestRealPinentryAsksForACodeUntilItIsOne(t *testing.T) {
	onEach(t, func(ctx context.Context, p *pinentry.Pinentry) (wire.PromptCodeResult, error) {
		return p.Code(ctx, wire.PromptCodeParams{Serial: "arn:aws:iam::1:mfa/phone"})
	}, func(t *testing.T, _ flavour, s *screen, done <-chan outcome[wire.PromptCodeResult]) {
		s.expect("mfa/phone")
		s.expect("MFA code:")
		s.send("12345\r")
		s.expect("a code has 6 to 8 digits")
		s.expect("MFA code:")
		s.send("123 456\r")
		if got := <-done; got.err != nil || got.answer.Code != "123456" {
			t.Errorf("got %+v, %v", got.answer, got.err)
		}
	})
}

// The context ends while the prompt is open: the terminal is as before.
func TestRealPinentryIsWithdrawn(t *testing.T) {
	gone := errors.New("the caller went away")
	for _, f := range flavours {
		t.Run(f.program, func(t *testing.T) {
			s := newScreen(t)
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			done := make(chan error, 1)
			go func() {
				p := &pinentry.Pinentry{Program: f.program, TTY: s.path, TTYType: "xterm"}
				_, err := p.Secret(ctx, pin)
				done <- err
			}()
			s.expect("PIN:")
			cancel(gone)
			if err := <-done; !errors.Is(err, gone) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestRealPinentryTimesOut(t *testing.T) {
	for _, f := range flavours {
		t.Run(f.program, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 1100*time.Millisecond)
			defer cancel()
			p := &pinentry.Pinentry{Program: f.program, TTY: newScreen(t).path, TTYType: "xterm"}
			r, err := p.Confirm(ctx, wire.PromptConfirmParams{Question: "sure?"})
			if !errors.Is(err, context.DeadlineExceeded) || r.Yes {
				t.Errorf("got %+v, %v", r, err)
			}
		})
	}
}

func TestPinentryForDesktopsIsNotStartedWithoutADisplay(t *testing.T) {
	p := &pinentry.Pinentry{Program: "pinentry-gnome3", Desk: wire.Desk{Bus: "unix:path=/run/user/0/bus", Display: "a\nb"}}
	_, err := p.Secret(t.Context(), pin)
	if !errors.Is(err, pinentry.ErrNone) || !strings.Contains(err.Error(), "the caller has no display") {
		t.Errorf("got %v", err)
	}
}

func TestTerminalOfNobodyIsRefused(t *testing.T) {
	for _, path := range []string{"/dev/pts/none", "/etc/passwd"} {
		p := &pinentry.Pinentry{Program: "pinentry-tty", TTY: path}
		if _, err := p.Secret(t.Context(), pin); err == nil {
			t.Errorf("%s is taken", path)
		}
	}
}

func TestRealPinentryShowsATextUntilItIsTakenAway(t *testing.T) {
	for _, f := range flavours {
		t.Run(f.program, func(t *testing.T) {
			t.Setenv("HOME", t.TempDir())
			s := newScreen(t)
			p := &pinentry.Pinentry{Program: f.program, TTY: s.path, TTYType: "xterm"}
			gone := errors.New("touched")
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			done := make(chan error, 1)
			go func() { done <- p.Show(ctx, "touch YubiKey 5 NFC") }()
			s.expect("touch YubiKey 5 NFC")
			cancel(gone)
			if err := <-done; !errors.Is(err, gone) {
				t.Errorf("got %v", err)
			}
		})
	}
}
