package flight_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mfad/mfad/credproc/flight"
)

func spot(place string) flight.Spot { return flight.Spot{Place: place, Peer: place} }

func TestNextIsAskedBesideOneWhoDoesNotAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g group
		start := time.Now()
		silent := &person{takes: time.Hour}
		a := join(t.Context(), &g, silent, askOne)
		b := join(t.Context(), &g, &person{name: "second", takes: time.Second}, askOne)
		want(t, <-a, "second", nil)
		want(t, <-b, "second", nil)
		synctest.Wait()
		if took := time.Since(start); took != 11*time.Second || silent.gone.Load() != 1 {
			t.Errorf("took %s, withdrawn %d times", took, silent.gone.Load())
		}
	})
}

func TestFirstMayStillAnswerWhenTheSecondIsAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g group
		late := &person{takes: time.Hour}
		a := join(t.Context(), &g, &person{name: "first", takes: 12 * time.Second}, askOne)
		b := join(t.Context(), &g, late, askOne)
		want(t, <-a, "first", nil)
		want(t, <-b, "first", nil)
		synctest.Wait()
		if late.asked.Load() != 1 || late.gone.Load() != 1 {
			t.Error("the second was not asked beside, or is asked still")
		}
	})
}

func TestTwoAtOnePlaceAreNotAskedAtTheSameTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g group
		silent, beside := &person{takes: time.Hour, spot: spot("pts/3")}, &person{spot: spot("pts/3")}
		a := join(t.Context(), &g, silent, askOne)
		b := join(t.Context(), &g, beside, askOne)
		time.Sleep(time.Minute)
		if beside.asked.Load() != 0 {
			t.Error("two were asked at one terminal")
		}
		c := join(t.Context(), &g, &person{name: "elsewhere", spot: spot("pts/5")}, askOne)
		for _, got := range []<-chan outcome{a, b, c} {
			want(t, <-got, "elsewhere", nil)
		}
	})
}

// Whoever fills the flight with silent callers of one peer is not asked before others.
func TestPeerWithManyCallersIsNotAskedBeforeOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g group
		var last <-chan outcome
		for range 50 {
			last = join(t.Context(), &g, &person{takes: time.Hour, spot: flight.Spot{Peer: "many"}}, askOne)
		}
		start := time.Now()
		want(t, <-join(t.Context(), &g, &person{name: "honest", takes: time.Second, spot: spot("pts/3")}, askOne), "honest", nil)
		want(t, <-last, "honest", nil)
		if took := time.Since(start); took != 11*time.Second {
			t.Errorf("asked after %s", took-time.Second)
		}
	})
}

func TestManySilentPeersDoNotSilenceForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g group
		for range 10 {
			join(t.Context(), &g, &person{takes: time.Hour}, askOne)
		}
		start := time.Now()
		want(t, <-join(t.Context(), &g, &person{name: "honest"}, askOne), "honest", nil)
		if took := time.Since(start); took != 40*time.Second { // with 2, 4, 8 and 16 asked
			t.Errorf("asked after %s", took)
		}
	})
}

func TestWhoDeclinesEndsTheirOwnCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g group
		start := time.Now()
		a := join(t.Context(), &g, &person{takes: time.Second, err: errDeclined}, askOne)
		b := join(t.Context(), &g, &person{name: "second", takes: time.Second}, askOne)
		want(t, <-a, "", errDeclined)
		if took := time.Since(start); took != time.Second {
			t.Errorf("who declined had to wait for the others: %s", took)
		}
		want(t, <-b, "second", nil)
		c := join(t.Context(), &g, &person{takes: time.Second, err: errDeclined}, askOne)
		want(t, <-c, "", errDeclined)
	})
}

func TestPeerThatDeclinesTwiceIsAskedNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g group
		no := &person{takes: time.Second, err: errDeclined, spot: spot("pts/3")}
		var refused []<-chan outcome
		for range 20 {
			refused = append(refused, join(t.Context(), &g, no, askOne))
		}
		got := join(t.Context(), &g, &person{name: "honest", takes: time.Minute, spot: spot("pts/5")}, askOne)
		for _, each := range refused {
			want(t, <-each, "", errDeclined)
		}
		want(t, <-got, "honest", nil)
		if n := no.asked.Load(); n != 2 {
			t.Errorf("asked %d times", n)
		}
	})
}

// tryTwice is work that wants the answer "right", twice of each who answers.
func tryTwice(ctx context.Context, waiters *flight.Waiters[*person]) (string, error) {
	for try := 1; ; try++ {
		answer, err := askOne(ctx, waiters)
		switch {
		case err != nil || answer == "right":
			return answer, err
		case try < 2:
			continue
		case !waiters.Blame(errWrong, func(*person) bool { return false }):
			return "", errWrong
		}
		try = 0
	}
}

var errWrong = errors.New("wrong")

func TestWrongAnswersAreTheAnswerersFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g group
		wrong := &person{name: "wrong", takes: time.Second, spot: spot("pts/3")}
		a := join(t.Context(), &g, wrong, tryTwice)
		b := join(t.Context(), &g, &person{name: "right", spot: spot("pts/5")}, tryTwice)
		want(t, <-a, "", errWrong)
		want(t, <-b, "right", nil)
		if n := wrong.asked.Load(); n != 2 {
			t.Errorf("asked %d times", n)
		}
		want(t, <-join(t.Context(), &g, wrong, tryTwice), "", errWrong)
	})
}

// Blame needs somebody who answered, and somebody else to ask.
func TestBlameEndsNobodysCallWithoutNeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g group
		leaving, stays := &person{name: "leaving"}, &person{name: "stays"}
		busy, board := make(chan struct{}), make(chan struct{})
		ctx, leave := context.WithCancel(t.Context())
		none := func(*person) bool { return false }
		work := func(ctx context.Context, waiters *flight.Waiters[*person]) (string, error) {
			if waiters.Blame(errWrong, none) {
				t.Error("blamed who had not answered")
			}
			answer, err := askOne(ctx, waiters)
			if waiters.Blame(errWrong, none) {
				t.Error("blamed the only one")
			}
			<-board
			if !waiters.Blame(errWrong, func(p *person) bool { return p.name == "stays" }) {
				t.Error("one of several behind the waiter cannot be blamed")
			}
			waiters.Tell(func(_ context.Context, p *person) {
				if p == leaving {
					<-busy
				}
			})
			leave()
			if waiters.Blame(errWrong, none) {
				t.Error("blamed one of whom the others leave")
			}
			return answer, err
		}
		a := join(t.Context(), &g, stays, work)
		b := join(ctx, &g, leaving, work)
		close(board)
		want(t, <-a, "stays", nil)
		close(busy)
		<-b
	})
}

func TestOneAnswerIsBlamedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g group
		none := func(*person) bool { return false }
		work := func(ctx context.Context, waiters *flight.Waiters[*person]) (string, error) {
			_, _ = askOne(ctx, waiters)
			if !waiters.Blame(errWrong, none) || waiters.Blame(errWrong, none) {
				t.Error("not blamed once")
			}
			return askOne(ctx, waiters)
		}
		a := join(t.Context(), &g, &person{name: "wrong", takes: time.Second}, work)
		b := join(t.Context(), &g, &person{name: "right"}, work)
		c := join(t.Context(), &g, &person{name: "other"}, work)
		want(t, <-a, "", errWrong)
		want(t, <-b, "right", nil)
		want(t, <-c, "right", nil)
	})
}

func TestWhoHasAnsweredIsAskedAgainFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g group
		start := time.Now()
		slow := join(t.Context(), &g, &person{name: "right", takes: 12 * time.Second, spot: spot("pts/5")}, tryTwice)
		typo := join(t.Context(), &g, &person{name: "wrong", takes: time.Second, spot: spot("pts/3")}, tryTwice)
		want(t, <-typo, "", errWrong)
		want(t, <-slow, "right", nil)
		if took := time.Since(start); took != 24*time.Second { // 10 and 1, 1, 12
			t.Errorf("took %s", took)
		}
	})
}
