package server

import (
	"testing"
	"testing/synctest"
	"time"
)

// taking takes a turn in a goroutine of its own, and gives it to got.
func (t *turns) taking(pid int, got chan<- *turn) {
	go func() { got <- t.take(pid) }()
}

func TestTurnsOfManyCallsLeaveOneForAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := newTurns()
		greedy, other := make(chan *turn, 1000), make(chan *turn, 1)
		for range cap(greedy) {
			turns.taking(1, greedy)
		}
		synctest.Wait()
		if n := len(greedy); n != turns.share {
			t.Errorf("one process has %d turns at once, want %d", n, turns.share)
		}
		turns.taking(2, other)
		synctest.Wait()
		if len(other) != 1 {
			t.Error("a process that has none waits for the calls of another")
		}
		for range cap(greedy) {
			(<-greedy).close()
		}
		(<-other).close()
		if len(turns.of) != 0 || len(turns.queue) != 0 || turns.free != newTurns().free {
			t.Errorf("left: %d processes, %d in the queue, %d turns", len(turns.of), len(turns.queue), turns.free)
		}
	})
}

func TestTurnsGoRound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := newTurns()
		turns.free = 1
		first := turns.take(0)
		var order []int
		begun := make(chan int)
		for _, pid := range []int{1, 1, 1, 2, 3} {
			go func() {
				taken := turns.take(pid)
				begun <- pid
				taken.close()
			}()
			synctest.Wait()
		}
		first.close()
		for range 5 {
			order = append(order, <-begun)
		}
		for i, want := range []int{1, 2, 3, 1, 1} {
			if order[i] != want {
				t.Fatalf("the order is %v", order)
			}
		}
	})
}

// A call that waits for something gives its turn on; the more of them a process has,
// the later.
func TestTurnsBecomeLongerWithTheCallsThatHaveNotEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := newTurns()
		var all []*turn
		for n := range 10 {
			start := time.Now()
			taken := turns.take(1)
			<-taken.over
			if took, want := time.Since(start), time.Duration(n+1)*turnTime; took != want {
				t.Errorf("turn %d took %v, want %v", n, took, want)
			}
			all = append(all, taken)
		}
		for _, taken := range all {
			taken.close()
		}
		start := time.Now()
		last := turns.take(1)
		<-last.over
		if took := time.Since(start); took != turnTime {
			t.Errorf("after they have ended a turn took %v", took)
		}
		last.close()
	})
}
