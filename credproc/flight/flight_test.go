package flight_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mfad/mfad/credproc/flight"
)

var (
	errMute     = errors.New("cannot answer")
	errDeclined = errors.New("does not want to")
)

// judge passes over who is mute; who says no declines.
func judge(err error) flight.Verdict {
	switch {
	case errors.Is(err, errMute):
		return flight.Passes
	case errors.Is(err, errDeclined):
		return flight.Declines
	}
	return flight.Ends
}

// person answers after a while, or cannot.
type person struct {
	name   string
	spot   flight.Spot
	takes  time.Duration
	err    error
	asked  atomic.Int32
	gone   atomic.Int32 // questions withdrawn
	mu     sync.Mutex
	notice []string
}

func (p *person) answer(ctx context.Context) (string, error) {
	p.asked.Add(1)
	select {
	case <-time.After(p.takes):
		return p.name, p.err
	case <-ctx.Done():
		p.gone.Add(1)
		return "", ctx.Err()
	}
}

func (p *person) hear(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.notice = append(p.notice, text)
}

func (p *person) heard() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return fmt.Sprint(p.notice)
}

type group = flight.Group[string, *person, string]

// askOne is work that is one question.
func askOne(ctx context.Context, waiters *flight.Waiters[*person]) (string, error) {
	first := make(chan string, 64)
	err := waiters.Ask(ctx, flight.Question[*person]{
		Put: func(ctx context.Context, p *person) error {
			answer, err := p.answer(ctx)
			if err == nil {
				first <- answer
			}
			return err
		},
		Judge: judge,
		Spot:  func(p *person) flight.Spot { return p.spot },
	})
	if err != nil {
		return "", err
	}
	return <-first, nil
}

type outcome struct {
	value string
	err   error
}

// join waits in a goroutine of its own, and returns when the waiter is there.
func join(ctx context.Context, g *group, p *person, work func(context.Context, *flight.Waiters[*person]) (string, error)) <-chan outcome {
	out := make(chan outcome, 1)
	go func() {
		value, err := g.Do(ctx, "key", p, work)
		out <- outcome{value, err}
	}()
	synctest.Wait()
	return out
}

func want(t *testing.T, got outcome, value string, err error) {
	t.Helper()
	if got.value != value || !errors.Is(got.err, err) {
		t.Errorf("got %q, %v; want %q, %v", got.value, got.err, value, err)
	}
}

func TestOneFlightServesAllWhoAskMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g group
		var runs atomic.Int32
		work := func(ctx context.Context, _ *flight.Waiters[*person]) (string, error) {
			time.Sleep(time.Second)
			return fmt.Sprint("run ", runs.Add(1)), nil
		}
		var wg sync.WaitGroup
		for range 1000 {
			wg.Go(func() {
				value, err := g.Do(t.Context(), "key", nil, work)
				if value != "run 1" || err != nil {
					t.Errorf("got %q, %v", value, err)
				}
			})
		}
		wg.Wait()
		if value, _ := g.Do(t.Context(), "key", nil, work); value != "run 2" {
			t.Errorf("after landing: got %q, want another run", value)
		}
	})
}

func TestKeysFlyApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g group
		start := time.Now()
		var wg sync.WaitGroup
		for i := range 10 {
			wg.Go(func() {
				_, _ = g.Do(t.Context(), fmt.Sprint(i), nil, func(context.Context, *flight.Waiters[*person]) (string, error) {
					time.Sleep(time.Second)
					return "", nil
				})
			})
		}
		wg.Wait()
		if took := time.Since(start); took != time.Second {
			t.Errorf("ten keys took %s, want 1s", took)
		}
	})
}

func TestQuestionMovesWhenItsRiderLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g group
		first, second := &person{name: "first", takes: time.Hour}, &person{name: "second", takes: time.Second}
		ctx, hangUp := context.WithCancel(t.Context())
		a := join(ctx, &g, first, askOne)
		b := join(t.Context(), &g, second, askOne)
		if second.asked.Load() != 0 {
			t.Error("the second was asked while the first was there")
		}
		hangUp()
		want(t, <-a, "", context.Canceled)
		want(t, <-b, "second", nil)
		if first.gone.Load() != 1 {
			t.Error("the question was not withdrawn where nobody is")
		}
	})
}

func TestQuestionPassesThoseWhoCannotAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g group
		mute := &person{takes: time.Second, err: errMute}
		a := join(t.Context(), &g, mute, askOne)
		b := join(t.Context(), &g, &person{name: "second"}, askOne)
		want(t, <-a, "second", nil)
		want(t, <-b, "second", nil)
	})
}

func TestAllMuteIsAnErrorForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g group
		a := join(t.Context(), &g, &person{takes: time.Second, err: errMute}, askOne)
		b := join(t.Context(), &g, &person{err: errMute}, askOne)
		want(t, <-a, "", errMute)
		want(t, <-b, "", errMute)
	})
}

func TestWhoComesAfterAllPassedIsAskedInAFlightOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g group
		passed := make(chan struct{})
		a := join(t.Context(), &g, &person{err: errMute}, func(ctx context.Context, waiters *flight.Waiters[*person]) (string, error) {
			defer func() { <-passed }()
			return askOne(ctx, waiters)
		})
		b := join(t.Context(), &g, &person{name: "late"}, askOne)
		close(passed)
		want(t, <-a, "", errMute)
		want(t, <-b, "late", nil)
	})
}

func TestRefusalIsSharedAndNotKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g group
		errNo := errors.New("no")
		first, second := &person{takes: time.Second, err: errNo}, &person{name: "second"}
		a := join(t.Context(), &g, first, askOne)
		b := join(t.Context(), &g, second, askOne)
		want(t, <-a, "", errNo)
		want(t, <-b, "", errNo)
		if second.asked.Load() != 0 {
			t.Error("another was asked after one had declined")
		}
		want(t, <-join(t.Context(), &g, second, askOne), "second", nil)
	})
}

func TestLastRiderEndsTheWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g group
		var cause error
		p := &person{takes: time.Hour}
		ended := make(chan struct{})
		work := func(ctx context.Context, waiters *flight.Waiters[*person]) (string, error) {
			defer close(ended)
			defer func() { cause = context.Cause(ctx) }()
			return askOne(ctx, waiters)
		}
		ctx1, leave1 := context.WithCancel(t.Context())
		ctx2, leave2 := context.WithCancel(t.Context())
		a, b := join(ctx1, &g, p, work), join(ctx2, &g, p, work)
		leave1()
		<-a
		synctest.Wait()
		if cause != nil {
			t.Fatal("the work ended while somebody rode")
		}
		leave2()
		want(t, <-b, "", context.Canceled)
		<-ended
		synctest.Wait()
		if !errors.Is(cause, flight.ErrAbandoned) {
			t.Errorf("cause is %v, want ErrAbandoned", cause)
		}
	})
}

func TestWhatWorkLeavesRunningEndsWithIt(t *testing.T) {
	var g group
	var left context.Context
	work := func(ctx context.Context, _ *flight.Waiters[*person]) (string, error) {
		left = ctx
		return "", nil
	}
	if _, err := g.Do(t.Context(), "key", nil, work); err != nil || left.Err() == nil {
		t.Errorf("the work's context goes on; %v", err)
	}
}

func TestNobodyBoardsAFlightThatIsComingDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g group
		down := make(chan struct{})
		ctx, leave := context.WithCancel(t.Context())
		a := join(ctx, &g, nil, func(ctx context.Context, _ *flight.Waiters[*person]) (string, error) {
			<-down
			return "", context.Cause(ctx)
		})
		leave()
		want(t, <-a, "", context.Canceled)
		want(t, <-join(t.Context(), &g, &person{name: "next"}, askOne), "next", nil)
		close(down)
	})
}

func TestRiderWhoLeavesHasHeardWhatWasTold(t *testing.T) {
	for range 20 { // the waiter may see first that it leaves, or that it was told
		synctest.Test(t, func(t *testing.T) {
			var g group
			p := &person{}
			ctx, leave := context.WithCancel(t.Context())
			listens, busy := make(chan struct{}), make(chan struct{})
			_, err := g.Do(ctx, "key", p, func(ctx context.Context, waiters *flight.Waiters[*person]) (string, error) {
				waiters.Tell(func(context.Context, *person) {
					close(listens)
					<-busy
				})
				<-listens
				waiters.Tell(func(_ context.Context, p *person) { p.hear("why it takes so long") })
				leave()
				close(busy)
				<-ctx.Done()
				return "", context.Cause(ctx)
			})
			if !errors.Is(err, context.Canceled) || p.heard() != "[why it takes so long]" {
				t.Errorf("heard %s, got %v", p.heard(), err)
			}
		})
	}
}

func TestWaiterHearsWhatIsToldJustBeforeTheEnd(t *testing.T) {
	for range 50 { // the waiter may see first that it is over, or that it was told
		synctest.Test(t, func(t *testing.T) {
			var g group
			p := &person{}
			_, err := g.Do(t.Context(), "key", p, func(_ context.Context, waiters *flight.Waiters[*person]) (string, error) {
				waiters.Tell(func(_ context.Context, p *person) { p.hear("the last word") })
				return "", nil
			})
			if err != nil || p.heard() != "[the last word]" {
				t.Fatalf("heard %s, got %v", p.heard(), err)
			}
		})
	}
}

func TestNoticesReachAllAndThoseWhoComeLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g group
		land := make(chan struct{})
		work := func(ctx context.Context, waiters *flight.Waiters[*person]) (string, error) {
			for _, text := range []string{"one", "two"} {
				waiters.Tell(func(_ context.Context, p *person) { p.hear(text) })
			}
			<-land
			return "", nil
		}
		early, late := &person{}, &person{}
		a := join(t.Context(), &g, early, work)
		b := join(t.Context(), &g, late, work)
		if got := early.heard(); got != "[one two]" {
			t.Errorf("early waiter heard %s", got)
		}
		if got := late.heard(); got != "[two]" {
			t.Errorf("late waiter heard %s", got)
		}
		close(land)
		<-a
		<-b
	})
}

func TestSlowListenerDelaysNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g group
		start := time.Now()
		slow := &person{name: "slow"}
		land := make(chan struct{})
		work := func(ctx context.Context, waiters *flight.Waiters[*person]) (string, error) {
			<-land
			waiters.Tell(func(_ context.Context, p *person) {
				if p == slow {
					time.Sleep(time.Hour)
				}
			})
			time.Sleep(time.Second)
			return "", nil
		}
		a := join(t.Context(), &g, slow, work)
		b := join(t.Context(), &g, &person{}, work)
		close(land)
		<-b
		if took := time.Since(start); took != time.Second {
			t.Errorf("took %s, want 1s", took)
		}
		<-a
	})
}

func TestCloseEndsWorkAndWaitsForIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g group
		var ended atomic.Bool
		a := join(t.Context(), &g, nil, func(ctx context.Context, _ *flight.Waiters[*person]) (string, error) {
			<-ctx.Done()
			time.Sleep(time.Second)
			ended.Store(true)
			return "", context.Cause(ctx)
		})
		g.Close()
		if !ended.Load() {
			t.Error("Close returned before the work had ended")
		}
		want(t, <-a, "", flight.ErrClosed)
		want(t, <-join(t.Context(), &g, nil, askOne), "", flight.ErrClosed)
	})
}

func TestRiderWhoseContextHasEndedDoesNotBoard(t *testing.T) {
	var g group
	var runs int
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := g.Do(ctx, "key", nil, func(context.Context, *flight.Waiters[*person]) (string, error) {
		runs++
		return "", nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's end", err)
	}
	g.Close() // waits for what was begun
	if runs != 0 {
		t.Error("the work ran")
	}
}

func TestAbandonedFlightThatEndsLateLeavesItsSuccessorAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g group
		down := make(chan struct{})
		ctx, leave := context.WithCancel(t.Context())
		abandoned := join(ctx, &g, nil, func(context.Context, *flight.Waiters[*person]) (string, error) {
			<-down
			return "", nil
		})
		leave()
		want(t, <-abandoned, "", context.Canceled)
		next, late := &person{name: "next", takes: time.Second}, &person{name: "late"}
		a := join(t.Context(), &g, next, askOne)
		close(down)
		synctest.Wait()
		b := join(t.Context(), &g, late, askOne)
		want(t, <-a, "next", nil)
		want(t, <-b, "next", nil)
		if late.asked.Load() != 0 {
			t.Error("a second flight began beside the successor")
		}
	})
}

// Who is about to leave may still be listening to what was told.
func TestWhoBoardsWhileTheOthersLeaveIsAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g group
		leaving, stays := &person{takes: time.Hour}, &person{name: "stays", takes: time.Second}
		heard := make(chan struct{})
		work := func(ctx context.Context, waiters *flight.Waiters[*person]) (string, error) {
			waiters.Tell(func(_ context.Context, p *person) {
				if p == leaving {
					<-heard
				}
			})
			return askOne(ctx, waiters)
		}
		ctx, leave := context.WithCancel(t.Context())
		a := join(ctx, &g, leaving, work)
		leave()
		synctest.Wait()
		if leaving.gone.Load() != 1 {
			t.Fatal("the question was not withdrawn where somebody leaves")
		}
		b := join(t.Context(), &g, stays, work)
		want(t, <-b, "stays", nil)
		close(heard)
		<-a
	})
}
