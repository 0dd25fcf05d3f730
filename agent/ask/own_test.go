package ask

import (
	"context"
	"errors"
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

func (g *guard) Ask(context.Context, human.Question) (human.Answer, error) {
	g.asked++
	return human.Answer{Yes: g.yes}, g.fails
}

func consent(c *Chain) error {
	return human.AskConsent(context.Background(), c, human.Question{What: "to erase it"})
}

func TestConsentComesFromTheAgentsOwnDesktopAlone(t *testing.T) {
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
}

func TestPersonIsLeftInPeaceAfterSomeNoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &guard{}
		chain := New(&client{}, Options{Own: NewOwn(g)})
		for range 10 {
			if err := consent(chain); !errors.Is(err, human.ErrDismissed) {
				t.Errorf("got %v", err)
			}
		}
		if g.asked != mostUnwanted {
			t.Errorf("asked %d times", g.asked)
		}
		time.Sleep(lull)
		g.yes = true
		if err := consent(chain); err != nil {
			t.Errorf("after the lull: %v", err)
		}
	})
}

func TestYesIsNoReasonToLeaveAPersonInPeace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &guard{}
		chain := New(&client{}, Options{Own: NewOwn(g)})
		for i := range 10 {
			g.yes = i%mostUnwanted == mostUnwanted-1 // the last before it would be too much
			if err := consent(chain); g.yes != (err == nil) {
				t.Errorf("question %d: %v", i, err)
			}
		}
		g.yes = true
		for range 2 * mostUnwanted {
			if err := consent(chain); err != nil {
				t.Errorf("after a yes: %v", err)
			}
		}
		g.yes = false
		for range mostUnwanted {
			_ = consent(chain)
		}
		if answer, err := chain.Ask(t.Context(), human.Question{Kind: human.Consent}); answer.Yes || !errors.Is(err, errLull) {
			t.Errorf("after too many noes: %+v, %v", answer, err)
		}
	})
}
