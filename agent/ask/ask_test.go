package ask

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mfad/mfad/agent/peer"
	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/errcode"
	"github.com/mfad/mfad/internal/human"
)

// client is the other end of a connection: it answers a question with answer, or
// as refuses says; with neither, its person has gone.
type client struct {
	answer  string
	refuses error

	asked     []wire.PromptParams
	noticed   []string
	withdrawn []string
}

var _ Conn = (*client)(nil)

func (c *client) Claim() (peer.Claim, error) {
	return peer.Claim{PID: 4711, Command: []string{"aws", "--secret", "hush"}, Parents: []string{"make", "zsh"}}, nil
}

func (c *client) Lineage() (string, error) { return "", nil }

func (c *client) Call(ctx context.Context, _ string, params, result any) error {
	c.asked = append(c.asked, params.(wire.PromptParams))
	switch {
	case c.refuses != nil:
		return c.refuses
	case c.answer != "":
		result.(*human.Answer).Text = []byte(c.answer)
		return nil
	}
	<-ctx.Done()
	return ctx.Err()
}

func (c *client) Notify(_ context.Context, method string, params any) error {
	switch method {
	case wire.MethodPromptNotice:
		c.noticed = append(c.noticed, params.(wire.PromptNoticeParams).Text)
	case wire.MethodPromptCancel:
		c.withdrawn = append(c.withdrawn, params.(wire.PromptCancelParams).ID)
	}
	return nil
}

func TestQuestionKnowsWhoAsksAboutWhatAndUntilWhen(t *testing.T) {
	c := &client{answer: "123456"}
	chain := New(c, Options{TTY: true})
	chain.About("prod")
	before := time.Now()
	secret, err := human.AskSecret(t.Context(), chain, human.Question{What: "PIN", Token: "YubiKey", Tries: 2})
	if err != nil || string(secret) != "123456" {
		t.Fatalf("got %q, %v", secret, err)
	}
	q := c.asked[0]
	if q.ID == "" || q.Profile != "prod" || q.Asker != chain.Caller().Describe() || q.Token != "YubiKey" || q.Tries != 2 {
		t.Errorf("asked %+v", q)
	}
	if left := q.Until.Sub(before); left < limit || left > limit+time.Minute {
		t.Errorf("it is open for %s", left)
	}
	if name := chain.Caller().Name(); name != "aws < make < zsh" {
		t.Errorf("a log names the caller %q", name)
	}
}

func TestRefusalsOfAClient(t *testing.T) {
	for name, row := range map[string]struct {
		refuses, want error
	}{
		"a no":           {errcode.Bare(errcode.Dismissed), human.ErrDismissed},
		"no terminal":    {errcode.Bare(errcode.NoPrompt), human.ErrNoPrompt},
		"something else": {errors.New("odd"), human.ErrNoPrompt},
	} {
		chain := New(&client{refuses: row.refuses}, Options{TTY: true})
		if yes, err := human.AskYes(t.Context(), chain, "sure?"); yes || !errors.Is(err, row.want) {
			t.Errorf("%s: got %v, %v", name, yes, err)
		}
	}
}

func TestCallerWithoutAPlaceIsToldWhatWasTried(t *testing.T) {
	for name, o := range map[string]Options{
		"nothing named": {},
		"no desktops":   {At: &wire.Desktop{Display: ":7"}},
	} {
		_, err := human.AskYes(t.Context(), New(&client{}, o), "sure?")
		if !errors.Is(err, human.ErrNoPrompt) || !errors.Is(err, errNowhere) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestReachIsThatOfThePlace(t *testing.T) {
	open := func(wire.Desktop) DesktopPrompter { return nil }
	for name, row := range map[string]struct {
		o    Options
		want human.Reach
	}{
		"terminal":      {Options{TTY: true}, human.Person},
		"display":       {Options{At: &wire.Desktop{Display: ":7"}, Open: open}, human.Person},
		"bus":           {Options{At: &wire.Desktop{Bus: "unix:path=/x"}, Open: open}, human.Person},
		"empty desktop": {Options{At: &wire.Desktop{}, Open: open}, human.Somebody},
		"nothing":       {Options{}, human.Somebody},
	} {
		if got := New(&client{}, row.o).Reach(); got != row.want {
			t.Errorf("%s: reaches %d, not %d", name, got, row.want)
		}
	}
}

func TestWhoDoesNotAnswerIsPassedOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &client{}
		gone := New(c, Options{TTY: true})
		if _, err := human.AskSecret(t.Context(), gone, human.Question{What: "passphrase"}); !errors.Is(err, human.ErrNoPrompt) {
			t.Errorf("got %v, which keeps the others who wait from being asked", err)
		}
		if len(c.withdrawn) != 1 || c.withdrawn[0] != c.asked[0].ID {
			t.Errorf("withdrawn is %q", c.withdrawn)
		}
	})
}

func TestWhatToDoStandsBeforeWhatIsWaitedFor(t *testing.T) {
	p := &client{}
	a := New(p, Options{TTY: true})
	a.Notice(t.Context(), "waiting for AWS")
	first := a.Act(t.Context(), "touch one")
	second := a.Act(t.Context(), "touch two")
	a.Notice(t.Context(), "still waiting")
	second()
	second()
	first()
	a.Notice(t.Context(), "")
	again := a.Act(t.Context(), "touch one")
	a.Act(t.Context(), "touch one") // by another: both must be done
	again()
	want := []string{"waiting for AWS", "touch one", "touch two", "touch one", "still waiting", "", "touch one"}
	if diff := cmp.Diff(want, p.noticed); diff != "" {
		t.Error(diff)
	}
}

// notepad is a desktop that notes what it shows.
type notepad struct {
	DesktopPrompter
	shown []string
}

func (n *notepad) Notice(text string) { n.shown = append(n.shown, text) }
func (n *notepad) Close() error       { n.shown = append(n.shown, "closed"); return nil }

func TestDesktopTellsWhatToDoAndNothingElse(t *testing.T) {
	var opened []*notepad
	open := func(wire.Desktop) DesktopPrompter {
		opened = append(opened, &notepad{})
		return opened[len(opened)-1]
	}
	a := New(&client{}, Options{At: &wire.Desktop{}, Open: open})
	a.Notice(t.Context(), "waiting for AWS")
	a.Notice(t.Context(), "")
	if len(opened) != 0 {
		t.Error("a desktop was opened for a notice")
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := a.Act(ctx, "touch YubiKey")
	a.Notice(ctx, "waiting for AWS")
	cancel()
	done()
	left := a.Act(t.Context(), "touch it again")
	a.Close()
	left()
	a.Act(t.Context(), "too late")
	if len(opened) != 1 {
		t.Fatalf("%d desktops were opened", len(opened))
	}
	who := " (asked by " + a.Caller().Describe() + ")"
	want := []string{"touch YubiKey" + who, "", "touch it again" + who, "closed"}
	if !slices.Equal(opened[0].shown, want) {
		t.Errorf("shown: %q", opened[0].shown)
	}
}
