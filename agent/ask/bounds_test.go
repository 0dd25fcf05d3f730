package ask

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mfad/mfad/agent/peer"
	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/human"
)

// screen is a desktop on which a person answers after a while, or does something
// else. It counts the windows.
type screen struct {
	takes time.Duration
	err   error

	mu           sync.Mutex
	windows      int
	open, atOnce int
}

func (s *screen) Ask(ctx context.Context, _ human.Question) (human.Answer, error) {
	s.count(1)
	defer s.count(-1)
	select {
	case <-time.After(s.takes):
		return human.Answer{Text: []byte("x")}, s.err
	case <-ctx.Done():
		return human.Answer{}, context.Cause(ctx)
	}
}

func (s *screen) count(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open += n
	s.windows += max(n, 0)
	s.atOnce = max(s.atOnce, s.open)
}

func (s *screen) Notice(string) {}
func (s *screen) Close() error  { return nil }

// of is a caller of a lineage.
type of struct{ client }

func (c *of) Claim() (peer.Claim, error) {
	return peer.Claim{PID: 1, Command: []string{c.answer}}, nil
}

func (c *of) Lineage() (string, error) { return c.answer, nil }

// asks has a peer ask on a desktop.
func (s *screen) asks(ctx context.Context, b *Bounds, lineage string) error {
	chain := New(&of{client{answer: lineage}}, Options{
		At: &wire.Desktop{Display: ":7"}, Open: func(wire.Desktop) DesktopPrompter { return s }, Bounds: b,
	})
	defer chain.Close()
	_, err := chain.Ask(ctx, human.Question{Kind: human.Secret, What: "passphrase"})
	return err
}

func TestPeerThatIsNotAnsweredTwiceHasToWait(t *testing.T) {
	for name, ends := range map[string]struct {
		takes   time.Duration
		err     error
		patient time.Duration
	}{
		"dismissed":          {0, human.ErrDismissed, time.Hour},
		"silent":             {time.Hour, nil, time.Hour},
		"hung up":            {time.Hour, nil, time.Second},
		"pinentry is killed": {time.Second, errors.New("it has ended"), time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var b Bounds
				s := &screen{takes: ends.takes, err: ends.err}
				var last error
				for range 34 {
					ctx, cancel := context.WithTimeout(t.Context(), ends.patient)
					last = s.asks(ctx, &b, "flood")
					cancel()
				}
				if s.windows != 2 || !errors.Is(last, human.ErrNoPrompt) || !strings.Contains(last.Error(), "mfad unlock") {
					t.Errorf("%d windows; the last call got %v", s.windows, last)
				}
				honest := &screen{}
				if err := honest.asks(t.Context(), &b, "honest"); err != nil {
					t.Errorf("another peer got %v", err)
				}
			})
		})
	}
}

func TestWaitGrowsUntilThereIsAnAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b Bounds
		s := &screen{err: human.ErrDismissed}
		_, _ = s.asks(t.Context(), &b, "p"), s.asks(t.Context(), &b, "p")
		for _, wait := range []time.Duration{firstWait, 2 * firstWait, 4 * firstWait} {
			time.Sleep(wait - time.Second)
			if err := s.asks(t.Context(), &b, "p"); !strings.Contains(err.Error(), "for 1s more") {
				t.Errorf("before %s: %v", wait, err)
			}
			time.Sleep(time.Second)
			if err := s.asks(t.Context(), &b, "p"); !errors.Is(err, human.ErrDismissed) {
				t.Errorf("after %s: %v", wait, err)
			}
		}
		time.Sleep(longestWait)
		if err := (&screen{}).asks(t.Context(), &b, "p"); err != nil {
			t.Fatal(err)
		}
		if err := s.asks(t.Context(), &b, "p"); !errors.Is(err, human.ErrDismissed) {
			t.Errorf("after an answer: %v", err)
		}
		if err := s.asks(t.Context(), &b, "p"); !errors.Is(err, human.ErrDismissed) {
			t.Errorf("the second after an answer: %v", err)
		}
	})
}

// Any process can pass for many peers.
func TestAllPeersTogetherAreBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b Bounds
		s := &screen{err: human.ErrDismissed}
		for i := range 100 {
			_ = s.asks(t.Context(), &b, fmt.Sprint(i))
		}
		if s.windows != mostStrikes {
			t.Errorf("%d windows", s.windows)
		}
		time.Sleep(strikeTime)
		if err := s.asks(t.Context(), &b, "later"); !errors.Is(err, human.ErrDismissed) {
			t.Errorf("later: %v", err)
		}
	})
}

func TestOneQuestionAtATimeOnADesktop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b Bounds
		s := &screen{takes: time.Second}
		var all sync.WaitGroup
		for i := range 20 {
			all.Go(func() {
				if err := s.asks(t.Context(), &b, fmt.Sprint(i%3)); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if s.atOnce != 1 || s.windows != 20 {
			t.Errorf("%d windows, %d at once", s.windows, s.atOnce)
		}
	})
}

func TestSilentQuestionLetsAnotherPeerOntoTheDesktop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b Bounds
		silent := make(chan error, 1)
		go func() { silent <- (&screen{takes: time.Hour}).asks(t.Context(), &b, "silent") }()
		synctest.Wait()
		start := time.Now()
		if err := (&screen{}).asks(t.Context(), &b, "honest"); err != nil || time.Since(start) > ownTime+2*time.Second {
			t.Errorf("got %v after %s", err, time.Since(start))
		}
		if err := <-silent; !errors.Is(err, human.ErrNoPrompt) {
			t.Errorf("the silent one got %v", err)
		}
	})
}

func TestWhatWasNeverShownIsNoStrike(t *testing.T) {
	var b Bounds
	s := &screen{err: fmt.Errorf("%w: no display", human.NotShown("no pinentry"))}
	for range 10 {
		if err := s.asks(t.Context(), &b, "p"); !strings.Contains(err.Error(), "no display") {
			t.Fatalf("got %v", err)
		}
	}
}

func TestDesktopHasOneNameForOneDisplay(t *testing.T) {
	for _, same := range []string{":7", ":7.0", "unix:7", "/unix:7.1", "host/unix:7"} {
		if got := deskName(wire.Desktop{Display: same}); got != ":7" {
			t.Errorf("%s is %q", same, got)
		}
	}
	if deskName(wire.Desktop{Display: "host:7"}) == ":7" || deskName(wire.Desktop{WaylandDisplay: "/run/user/1/wayland-0"}) != "wayland-0" ||
		deskName(wire.Desktop{Bus: "unix:path=/x"}) != "unix:path=/x" {
		t.Error("another desktop has the same name")
	}
}

// Who asks many times at once gets no more windows than who asks one after the
// other, and leaves the desktop to others.
func TestBoundHoldsForCallsThatWaitedTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b Bounds
		s := &screen{takes: time.Second, err: human.ErrDismissed}
		var calls sync.WaitGroup
		for range 10 {
			calls.Go(func() {
				if err := s.asks(t.Context(), &b, "flood"); err == nil {
					t.Error("nobody answered, and there is an answer")
				}
			})
		}
		calls.Wait()
		if s.windows != freeStrikes || s.atOnce != 1 {
			t.Errorf("%d windows, %d at once", s.windows, s.atOnce)
		}
		if err := (&screen{}).asks(t.Context(), &b, "honest"); err != nil {
			t.Errorf("another peer got %v", err)
		}
	})
}

// A person who answers is there: what others did before does not count any more.
func TestAnswerClearsTheBoundOfAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b Bounds
		s := &screen{err: human.ErrDismissed}
		for round := range 3 {
			for i := range mostStrikes - 1 {
				if err := s.asks(t.Context(), &b, fmt.Sprint(round, i)); !errors.Is(err, human.ErrDismissed) {
					t.Errorf("round %d: %v", round, err)
				}
			}
			if err := (&screen{}).asks(t.Context(), &b, "honest"); err != nil {
				t.Fatal(err)
			}
		}
	})
}
