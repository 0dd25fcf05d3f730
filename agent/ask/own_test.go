package ask

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/human"
)

// guard sits at the agent's own desktop.
type guard struct {
	yes   bool
	fails error
	asked int
}

// settle is how long the desktop of these tests is empty between two questions.
const settle = 2 * time.Second

func (g *guard) Settle() time.Duration { return settle }

func (s *seat) Settle() time.Duration { return settle }

func (g *guard) Ask(context.Context, human.Question) (human.Answer, error) {
	g.asked++
	return human.Answer{Yes: g.yes}, g.fails
}

func consent(c *Chain) error {
	return human.AskConsent(context.Background(), c, human.Question{What: "to erase it"})
}

func TestConsentComesFromTheAgentsOwnDesktopAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		caller := &client{answer: "yes"}
		open := func(wire.Desktop) DesktopPrompter {
			t.Error("the caller's desktop was opened")
			return &notepad{}
		}
		for name, o := range map[string]Options{
			"terminal": {TTY: true, Open: open},
			"desktop":  {At: &wire.Desktop{Display: ":7"}, Open: open},
		} {
			if err := consent(New(caller, o)); !errors.Is(err, human.ErrNoPrompt) {
				t.Errorf("%s, and no desktop of the agent's: got %v", name, err)
			}
			g := &guard{}
			o.Own = NewOwn(g)
			if err := consent(New(caller, o)); !errors.Is(err, human.ErrDismissed) {
				t.Errorf("%s, and a no: got %v", name, err)
			}
			g.yes = true
			if err := consent(New(caller, o)); err != nil || g.asked != 2 {
				t.Errorf("%s, and a yes: got %v after %d questions", name, err, g.asked)
			}
			g.fails = errors.New("no display")
			if err := consent(New(caller, o)); !errors.Is(err, human.ErrNoPrompt) {
				t.Errorf("%s, and a desktop that fails: got %v", name, err)
			}
		}
		if len(caller.asked) > 0 {
			t.Errorf("the caller was asked %+v", caller.asked)
		}
	})
}

// on asks by a confirmer for a caller of a lineage.
func (o *Own) on(ctx context.Context, lineage string) error {
	chain := New(&of{client{answer: lineage}}, Options{TTY: true, Own: o})
	return human.AskConsent(ctx, chain, human.Question{What: "to erase it"})
}

func TestPersonIsLeftInPeaceAfterSomeNoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &guard{}
		own := NewOwn(g)
		ask := func() error { return own.on(t.Context(), "p") }
		for range freeStrikes {
			if err := ask(); !errors.Is(err, human.ErrDismissed) {
				t.Errorf("got %v", err)
			}
		}
		for _, wait := range []time.Duration{firstWait, 2 * firstWait} {
			asked := g.asked
			if err := ask(); !errors.Is(err, human.ErrNoPrompt) || !strings.Contains(err.Error(), "recovery key") || g.asked != asked {
				t.Errorf("before %s: asked %d times more, got %v", wait, g.asked-asked, err)
			}
			time.Sleep(wait)
			if err := ask(); !errors.Is(err, human.ErrDismissed) {
				t.Errorf("after %s: got %v", wait, err)
			}
		}
		time.Sleep(longestWait)
		g.yes = true
		if err := ask(); err != nil {
			t.Errorf("at the end: %v", err)
		}
	})
}

// What one caller leaves open, gives up or declines costs another no answer.
func TestCallerWhoSpoilsTheOwnDesktopLeavesItToOthers(t *testing.T) {
	for name, ends := range map[string]struct{ takes, patient time.Duration }{
		"declined": {0, time.Hour}, "left open": {time.Hour, time.Hour}, "given up": {time.Hour, time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				spoiled := &seat{takes: ends.takes}
				own := NewOwn(spoiled)
				var flood sync.WaitGroup
				for range 30 {
					flood.Go(func() {
						ctx, cancel := context.WithTimeout(t.Context(), ends.patient)
						defer cancel()
						if err := own.on(ctx, "flood"); err == nil {
							t.Error("one of the flood was allowed")
						}
					})
				}
				time.Sleep(time.Second)
				start := time.Now()
				spoiled.yes.Store(true) // to whom asks from now on
				if err := own.on(t.Context(), "honest"); err != nil || time.Since(start) > ownTime+5*time.Second {
					t.Errorf("another caller got %v after %s", err, time.Since(start))
				}
				flood.Wait()
			})
		})
	}
}

// seat is at the agent's own desktop: the person takes a while, and is quick when
// they say yes.
type seat struct {
	takes time.Duration
	yes   atomic.Bool
}

func (s *seat) Ask(ctx context.Context, q human.Question) (human.Answer, error) {
	if s.yes.Load() {
		return human.Answer{Yes: strings.HasPrefix(q.Asker, `"honest"`)}, nil
	}
	select {
	case <-time.After(s.takes):
		return human.Answer{}, nil
	case <-ctx.Done():
		return human.Answer{}, context.Cause(ctx)
	}
}

// A second click, meant for the first question, finds nothing to allow.
func TestNextQuestionComesNotUnderTheSameClick(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &guard{yes: true}
		own := NewOwn(g)
		if err := own.on(t.Context(), "p"); err != nil {
			t.Fatal(err)
		}
		ended := time.Now()
		if err := own.on(t.Context(), "q"); err != nil || time.Since(ended) < settle {
			t.Errorf("the next came after %s: %v", time.Since(ended), err)
		}
	})
}

func TestYesIsNoReasonToLeaveAPersonInPeace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &guard{}
		own := NewOwn(g)
		for i := range 10 {
			g.yes = i%freeStrikes == freeStrikes-1 // the last before it would be too much
			if err := own.on(t.Context(), "p"); g.yes != (err == nil) {
				t.Errorf("question %d: %v", i, err)
			}
		}
		g.yes = false
		for range freeStrikes {
			_ = own.on(t.Context(), "p")
		}
		asked := g.asked
		if err := own.on(t.Context(), "p"); !errors.Is(err, human.ErrNoPrompt) || g.asked != asked {
			t.Errorf("after too many noes: %v", err)
		}
	})
}
