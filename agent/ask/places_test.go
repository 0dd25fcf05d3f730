package ask

import (
	"context"
	"errors"
	"testing"

	"github.com/mfad/mfad/agent/peer"
	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/human"
)

// gone is a caller of which the system does not tell.
type gone struct{ client }

func (*gone) Claim() (peer.Claim, error) { return peer.Claim{}, errors.New("it has ended") }
func (*gone) Lineage() (string, error)   { return "", errors.New("it has ended") }

func TestPlaceIsWhereAndForWhomAPersonIsAsked(t *testing.T) {
	open := func(wire.Desktop) DesktopPrompter { return &notepad{} }
	at := func(d wire.Desktop) Options { return Options{At: &d, Open: open} }
	known, alone := &of{client{answer: "session 3"}}, &client{}
	for name, row := range map[string]struct {
		conn    Conn
		options Options
		want    human.Place
	}{
		"display":    {alone, at(wire.Desktop{Display: ":7"}), human.Place{At: "the desktop :7", By: "aws[4711]", Peer: "process 4711"}},
		"wayland":    {known, at(wire.Desktop{WaylandDisplay: "w"}), human.Place{At: "the desktop w", By: "session 3[1]", Peer: "session 3"}},
		"bus":        {known, at(wire.Desktop{Bus: "b"}), human.Place{At: "the desktop", By: "session 3[1]", Peer: "session 3"}},
		"who knows":  {&gone{}, Options{TTY: true}, human.Place{Peer: unknown}},
		"not at all": {&gone{}, Options{}, human.Place{Peer: unknown}},
	} {
		chain := New(row.conn, row.options)
		if got := chain.Places(); len(got) != 1 || got[0] != row.want {
			t.Errorf("%s: %+v", name, got)
		}
		chain.Close()
	}
	if caller := New(&gone{}, Options{}).Caller(); caller.Describe() != "" || caller.Name() != "" {
		t.Errorf("who has ended is %q, %q", caller.Describe(), caller.Name())
	}
}

// late is a desktop that answers with an error, and keeps what it answered.
type late struct {
	notepad
	text []byte
}

func (l *late) Ask(context.Context, human.Question) (human.Answer, error) {
	l.text = []byte("paper")
	return human.Answer{Text: l.text}, human.ErrDismissed
}

func TestAnswerThatCountsForNothingIsWiped(t *testing.T) {
	l := &late{}
	chain := New(&client{}, Options{At: &wire.Desktop{Display: ":7"}, Open: func(wire.Desktop) DesktopPrompter { return l }})
	answer, err := chain.Ask(t.Context(), human.Question{Kind: human.Secret, What: "passphrase"})
	if !errors.Is(err, human.ErrDismissed) || len(answer.Text) > 0 || string(l.text) != "\x00\x00\x00\x00\x00" {
		t.Errorf("%d bytes are left, %v", len(answer.Text), err)
	}
}

func TestCallThatIsOverAsksNobody(t *testing.T) {
	chain := New(&client{}, Options{At: &wire.Desktop{Display: ":7"}, Open: func(wire.Desktop) DesktopPrompter {
		t.Error("a desktop was opened")
		return &notepad{}
	}})
	chain.Close()
	if _, err := chain.Ask(t.Context(), human.Question{Kind: human.Secret, What: "passphrase"}); !errors.Is(err, human.ErrNoPrompt) {
		t.Errorf("got %v", err)
	}
}

// Who may not ask may not have a person touch a token either.
func TestPeerThatHasToWaitShowsNothing(t *testing.T) {
	var b Bounds
	for range freeStrikes {
		_ = (&screen{err: human.ErrDismissed}).asks(t.Context(), &b, "flood")
	}
	for lineage, want := range map[string]int{"flood": 0, "honest": 2} {
		n := &notepad{}
		chain := New(&of{client{answer: lineage}}, Options{
			At: &wire.Desktop{Display: ":7"}, Open: func(wire.Desktop) DesktopPrompter { return n }, Bounds: &b,
		})
		chain.Act(t.Context(), "touch it")()
		if len(n.shown) != want {
			t.Errorf("%s shows %q", lineage, n.shown)
		}
		chain.Close()
	}
}
