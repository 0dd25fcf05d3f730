package credproc_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/credproc/flight"
	"github.com/mfad/mfad/internal/human"
)

// screen is where a person sits who notes what is to do, and what is not any more.
// It is slow while busy is open.
type screen struct {
	human.Silent
	busy chan struct{}

	mu    sync.Mutex
	shown []string
}

func (s *screen) note(text string) {
	if s.busy != nil {
		<-s.busy
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shown = append(s.shown, text)
}

func (s *screen) Act(_ context.Context, what string) func() {
	s.note(what)
	return func() { s.note("done: " + what) }
}

func (s *screen) Notice(_ context.Context, text string) { s.note("notice: " + text) }

// What is over is told to nobody: neither to who comes later nor to who hears late.
func TestActThatIsOverIsToldToNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g flight.Group[string, credproc.Asker, struct{}]
		step := make(chan struct{})
		work := func(ctx context.Context, waiters *flight.Waiters[credproc.Asker]) (struct{}, error) {
			ask := credproc.Relay(waiters)
			for _, what := range []string{"touch one", "touch two"} {
				done := ask.Act(ctx, what)
				<-step
				done()
				<-step
			}
			return struct{}{}, nil
		}
		var over sync.WaitGroup
		board := func(s *screen) {
			over.Go(func() { _, _ = g.Do(t.Context(), "key", s, work) })
			synctest.Wait()
		}
		early, late, slow := &screen{}, &screen{}, &screen{}
		busy := make(chan struct{})
		board(early)
		slow.busy = busy
		board(slow)
		step <- struct{}{} // the first is over, which the slow one has not seen yet
		synctest.Wait()
		board(late)
		if late.shown != nil {
			t.Errorf("who came late was told %q", late.shown)
		}
		step <- struct{}{}
		synctest.Wait()
		close(busy)
		synctest.Wait()
		step <- struct{}{}
		step <- struct{}{}
		over.Wait()
		for who, row := range map[string]struct {
			s    *screen
			want []string
		}{
			"early": {early, []string{"touch one", "done: touch one", "touch two", "done: touch two"}},
			"late":  {late, []string{"touch two", "done: touch two"}},
			"slow":  {slow, []string{"touch one", "done: touch one", "touch two", "done: touch two"}},
		} {
			if !slices.Equal(row.s.shown, row.want) {
				t.Errorf("%s was told %q", who, row.s.shown)
			}
		}
	})
}

// decider says yes or no, and passes when silent.
type decider struct {
	human.Silent
	answer *human.Answer
}

func (d decider) Ask(context.Context, human.Question) (human.Answer, error) {
	if d.answer == nil {
		return human.Answer{}, human.ErrNoPrompt
	}
	return *d.answer, nil
}

// A no is an answer, and not an error, to who asked.
func TestLastNoIsTheAnswerOfAll(t *testing.T) {
	yes, no := &human.Answer{Yes: true}, &human.Answer{}
	for name, test := range map[string]struct {
		answers []*human.Answer // of those who wait, in their order
		yes     bool
		err     error
	}{
		"yes":            {[]*human.Answer{yes}, true, nil},
		"no":             {[]*human.Answer{no}, false, nil},
		"passes, no":     {[]*human.Answer{nil, no}, false, human.ErrNoPrompt}, // the no is of that one's call alone
		"no, then yes":   {[]*human.Answer{no, yes}, true, nil},
		"nobody decides": {[]*human.Answer{nil}, false, human.ErrNoPrompt},
	} {
		synctest.Test(t, func(t *testing.T) {
			var g flight.Group[string, credproc.Asker, human.Answer]
			var over sync.WaitGroup
			begin := make(chan struct{})
			var got human.Answer
			var err error
			for _, answer := range test.answers {
				over.Go(func() {
					_, _ = g.Do(t.Context(), "key", decider{answer: answer},
						func(ctx context.Context, waiters *flight.Waiters[credproc.Asker]) (human.Answer, error) {
							<-begin
							got, err = credproc.Relay(waiters).Ask(ctx, human.Question{Kind: human.Confirm})
							return got, err
						})
				})
				synctest.Wait()
			}
			close(begin)
			over.Wait()
			if got.Yes != test.yes || !errors.Is(err, test.err) {
				t.Errorf("%s: yes %t, %v", name, got.Yes, err)
			}
		})
	}
}

// tardy answers when nobody waits for it any more.
type tardy struct {
	human.Silent
	now  chan struct{}
	text []byte
}

func (l *tardy) Ask(context.Context, human.Question) (human.Answer, error) {
	<-l.now
	return human.Answer{Text: l.text}, nil
}

func TestAnswerThatComesTooLateIsWiped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g flight.Group[string, credproc.Asker, struct{}]
		late := &tardy{now: make(chan struct{}), text: []byte("passphrase")}
		_, _ = g.Do(t.Context(), "key", late, func(ctx context.Context, waiters *flight.Waiters[credproc.Asker]) (struct{}, error) {
			ctx, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			if answer, err := credproc.Relay(waiters).Ask(ctx, human.Question{Kind: human.Secret}); err == nil || answer.Text != nil {
				t.Errorf("got %q, %v", answer.Text, err)
			}
			return struct{}{}, nil
		})
		close(late.now)
		synctest.Wait()
		if strings.Trim(string(late.text), "\x00") != "" {
			t.Errorf("left behind: %q", late.text)
		}
	})
}
