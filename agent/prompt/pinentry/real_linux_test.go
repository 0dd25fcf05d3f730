package pinentry_test

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/mfad/mfad/agent/prompt/pinentry"
	"github.com/mfad/mfad/agent/prompt/screentest"
	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/human"
)

// newScreen makes one that a pinentry asks on, wide enough for what it shows.
func newScreen(t *testing.T) *screentest.Screen {
	t.Helper()
	s := screentest.New(t)
	if err := pty.Setsize(s.TTY, &pty.Winsize{Rows: 30, Cols: 132}); err != nil {
		t.Fatal(err)
	}
	return s
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
func onEach[R any](t *testing.T, ask func(ctx context.Context, p *pinentry.Pinentry) (R, error), play func(t *testing.T, f flavour, s *screentest.Screen, done <-chan outcome[R])) {
	for _, f := range flavours {
		t.Run(f.program, func(t *testing.T) {
			t.Setenv("HOME", t.TempDir())
			// A pinentry dies of the interrupt key, unless these tests run in the
			// background of a shell, which has its jobs ignore that.
			interrupts := make(chan os.Signal, 1)
			signal.Notify(interrupts, os.Interrupt)
			defer signal.Stop(interrupts)
			s := newScreen(t)
			p := &pinentry.Pinentry{Program: f.program, TTY: s.TTY.Name(), TTYType: "xterm"}
			done := make(chan outcome[R], 1)
			go func() {
				r, err := ask(t.Context(), p)
				done <- outcome[R]{r, err}
			}()
			play(t, f, s, done)
			if !s.Echoes() {
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
func pressUntil[R any](s *screentest.Screen, keys string, done <-chan outcome[R]) outcome[R] {
	again := time.NewTicker(time.Second)
	defer again.Stop()
	s.SendUnseen(keys)
	for {
		select {
		case got := <-done:
			return got
		case <-again.C:
			s.Send(keys)
		}
	}
}

var pin = human.Question{
	Kind: human.Secret,
	What: "PIN", Again: "wrong PIN", Token: "YubiKey 5 NFC (serial 12345678)", Tries: 2,
	Profile: "prod", Asker: "100%25 \"grün\" %0A é\nnext",
}

func TestRealPinentryGivesThePIN(t *testing.T) {
	onEach(t, func(ctx context.Context, p *pinentry.Pinentry) (human.Answer, error) {
		return p.Ask(ctx, pin)
	},
		func(t *testing.T, f flavour, s *screentest.Screen, done <-chan outcome[human.Answer]) {
			if f.raw {
				s.Expect("PIN")
			}
			s.Expect("wrong PIN")
			s.Expect("PIN:")
			for _, fact := range []string{
				"token: YubiKey 5 NFC (serial 12345678)", "tries: 2 left", "profile: prod",
				`asked by: 100%25 "grün" %0A é\nnext`,
			} {
				if !f.raw && !strings.Contains(s.Shown(), fact) {
					t.Errorf("%q is not shown: %q", fact, s.Shown())
				}
			}
			s.SendUnseen("12 %25é#\r")
			got := <-done
			if got.err != nil || string(got.answer.Text) != "12 %25é#" {
				t.Errorf("got %q, %v; shown: %q", got.answer.Text, got.err, s.Shown())
			}
			if strings.Contains(s.Shown(), "12 %25") {
				t.Error("the PIN is shown")
			}
		})
}

func TestRealPinentryIsCancelled(t *testing.T) {
	onEach(t, func(ctx context.Context, p *pinentry.Pinentry) (human.Answer, error) {
		return p.Ask(ctx, pin)
	},
		func(t *testing.T, f flavour, s *screentest.Screen, done <-chan outcome[human.Answer]) {
			s.Expect("PIN:")
			got := pressUntil(s, f.cancel, done)
			if !errors.Is(got.err, human.ErrDismissed) || got.answer.Text != nil {
				t.Errorf("got %+v, %v", got.answer, got.err)
			}
		})
}

func TestRealPinentryConfirms(t *testing.T) {
	for _, yes := range []bool{true, false} {
		onEach(t, func(ctx context.Context, p *pinentry.Pinentry) (human.Answer, error) {
			return p.Ask(ctx, human.Question{Kind: human.Confirm, What: "Trust http://127.0.0.1:9 with 100%?", Profile: "prod", Asker: "aws"})
		}, func(t *testing.T, f flavour, s *screentest.Screen, done <-chan outcome[human.Answer]) {
			s.Expect("Trust http://127.0.0.1:9 with 100%?")
			s.Expect("profile: prod")
			s.Expect("asked by: aws")
			s.Expect(f.choice)
			keys := f.no
			if yes {
				keys = f.yes
			}
			s.SendUnseen(keys)
			if got := <-done; got.err != nil || got.answer.Yes != yes {
				t.Errorf("got %+v, %v, not %v; shown: %q", got.answer, got.err, yes, s.Shown())
			}
		})
	}
}

func TestRealPinentryAsksForACodeUntilItIsOne(t *testing.T) {
	onEach(t, func(ctx context.Context, p *pinentry.Pinentry) (human.Answer, error) {
		return p.Ask(ctx, human.Question{Kind: human.Code, Serial: "arn:aws:iam::1:mfa/phone"})
	}, func(t *testing.T, _ flavour, s *screentest.Screen, done <-chan outcome[human.Answer]) {
		s.Expect("mfa/phone")
		s.Expect("MFA code:")
		s.SendUnseen("12345\r")
		s.Expect("a code has 6 to 8 digits")
		s.Expect("MFA code:")
		s.SendUnseen("123 456\r")
		if got := <-done; got.err != nil || string(got.answer.Text) != "123456" {
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
				p := &pinentry.Pinentry{Program: f.program, TTY: s.TTY.Name(), TTYType: "xterm"}
				_, err := p.Ask(ctx, pin)
				done <- err
			}()
			s.Expect("PIN:")
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
			p := &pinentry.Pinentry{Program: f.program, TTY: newScreen(t).TTY.Name(), TTYType: "xterm"}
			r, err := p.Ask(ctx, human.Question{Kind: human.Confirm, What: "sure?"})
			if !errors.Is(err, context.DeadlineExceeded) || r.Yes {
				t.Errorf("got %+v, %v", r, err)
			}
		})
	}
}

func TestPinentryForDesktopsIsNotStartedWithoutADisplay(t *testing.T) {
	p := &pinentry.Pinentry{Program: "pinentry-gnome3", Desktop: wire.Desktop{Bus: "unix:path=/run/user/0/bus", Display: "a\nb"}}
	_, err := p.Ask(t.Context(), pin)
	if !errors.Is(err, pinentry.ErrNone) || !strings.Contains(err.Error(), "the caller has no display") {
		t.Errorf("got %v", err)
	}
}

func TestTerminalOfNobodyIsRefused(t *testing.T) {
	for _, path := range []string{"/dev/pts/none", "/etc/passwd"} {
		p := &pinentry.Pinentry{Program: "pinentry-tty", TTY: path}
		if _, err := p.Ask(t.Context(), pin); err == nil {
			t.Errorf("%s is taken", path)
		}
	}
}

func TestRealPinentryShowsATextUntilItIsTakenAway(t *testing.T) {
	for _, f := range flavours {
		t.Run(f.program, func(t *testing.T) {
			t.Setenv("HOME", t.TempDir())
			s := newScreen(t)
			p := &pinentry.Pinentry{Program: f.program, TTY: s.TTY.Name(), TTYType: "xterm"}
			gone := errors.New("touched")
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			done := make(chan error, 1)
			go func() { done <- p.Show(ctx, "touch YubiKey 5 NFC") }()
			s.Expect("touch YubiKey 5 NFC")
			cancel(gone)
			if err := <-done; !errors.Is(err, gone) {
				t.Errorf("got %v", err)
			}
		})
	}
}
