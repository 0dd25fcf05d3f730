//go:build cgo && linux

package pcsc

import (
	"context"
	"errors"
	"os"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/mfad/mfad/token"
)

type change struct {
	now State
	err error
}

// watch waits for a change in a goroutine.
func watch(ctx context.Context, s *Service, seen State) <-chan change {
	c := make(chan change, 1)
	go func() {
		now, err := s.Changed(ctx, seen)
		c <- change{now, err}
	}()
	return c
}

func stateOf(t *testing.T, s *Service) State {
	t.Helper()
	now, err := s.State()
	if err != nil {
		t.Fatal(err)
	}
	return now
}

func TestChangedSeesInsertionAndRemoval(t *testing.T) {
	s := open(t)
	seen := stateOf(t, s)
	changes := watch(t.Context(), s, seen)
	if err := daemon.Insert(0, echoCard()); err != nil {
		t.Fatal(err)
	}
	c := <-changes
	if c.err != nil || !slices.Equal(c.now.Present(), []string{daemon.Reader(0)}) {
		t.Fatalf("cards are in %q, %v", c.now.Present(), c.err)
	}
	changes = watch(t.Context(), s, c.now)
	if err := daemon.Remove(0); err != nil {
		t.Fatal(err)
	}
	if c = <-changes; c.err != nil || len(c.now.Present()) != 0 {
		t.Fatalf("cards are in %q, %v", c.now.Present(), c.err)
	}
}

func TestChangedSeesWhatHappenedBefore(t *testing.T) {
	s := open(t)
	seen := stateOf(t, s)
	insert(t, 0, echoCard())
	now, err := s.Changed(t.Context(), seen)
	if err != nil || len(now.Present()) != 1 {
		t.Errorf("cards are in %q, %v", now.Present(), err)
	}
}

func TestChangedSeesTheSameCardComeBack(t *testing.T) {
	s := open(t)
	insert(t, 0, echoCard())
	seen := stateOf(t, s)
	if err := daemon.Remove(0); err != nil {
		t.Fatal(err)
	}
	if err := daemon.Insert(0, echoCard()); err != nil {
		t.Fatal(err)
	}
	now, err := s.Changed(t.Context(), seen)
	if err != nil || len(now.Present()) != 1 {
		t.Errorf("cards are in %q, %v", now.Present(), err)
	}
	if reader := daemon.Reader(0); seen.Keeps(now, reader) || !now.Keeps(stateOf(t, s), reader) || seen.Keeps(seen, "none") {
		t.Error("a card that went and came back was kept, or one that stayed was not")
	}
}

func TestChangedDoesNotMindThatACardIsUsed(t *testing.T) {
	s := open(t)
	reader := insert(t, 0, echoCard())
	changes := watch(t.Context(), s, stateOf(t, s))
	for range 5 {
		c := connectTo(t, s, reader)
		if _, err := send(c, 0, 1, 2, 3, 0); err != nil {
			t.Fatal(err)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := daemon.Remove(0); err != nil {
		t.Fatal(err)
	}
	if c := <-changes; c.err != nil || len(c.now.Present()) != 0 {
		t.Errorf("woken up with cards in %q, %v", c.now.Present(), c.err)
	}
}

func TestChangedEndsWithItsContext(t *testing.T) {
	s := open(t)
	seen := stateOf(t, s)
	gone := errors.New("the caller went")
	for range 50 {
		ctx, cancel := context.WithCancelCause(t.Context())
		changes := watch(ctx, s, seen)
		runtime.Gosched()
		cancel(gone)
		c := <-changes
		wantError(t, c.err, gone)
	}
}

func TestServiceOutlivesARestartOfPcscd(t *testing.T) {
	s := open(t)
	reader := insert(t, 0, echoCard())
	old := connectTo(t, s, reader)
	changes := watch(t.Context(), s, stateOf(t, s))
	daemon.Kill()
	_, err := s.Readers()
	wantError(t, err, token.ErrNoService)
	_, err = s.Connect(t.Context(), reader)
	wantError(t, err, token.ErrNoService)
	_, err = send(old, 0, 1, 2, 3, 0)
	if !errors.Is(err, token.ErrNoService) && !errors.Is(err, token.ErrRemoved) {
		t.Errorf("a card of the old pcscd: %v", err)
	}
	if err := old.Close(); err != nil {
		t.Error(err)
	}
	if c := <-changes; !errors.Is(c.err, token.ErrNoService) {
		t.Errorf("the wait ended with %v", c.err)
	}
	if err := daemon.Restart(); err != nil {
		t.Fatal(err)
	}
	if _, err := send(connectTo(t, s, reader), 0, 1, 2, 3, 0); err != nil {
		t.Errorf("with the new pcscd: %v", err)
	}
}

func TestPcscdKilledInMidCommandEndsTheCommand(t *testing.T) {
	s := open(t)
	entered, released := make(chan struct{}), make(chan struct{})
	reader := insert(t, 0, &card{atr: atrT1, command: func(apdu []byte) []byte {
		close(entered)
		<-released
		return echo(apdu)
	}})
	c := connectTo(t, s, reader)
	sent, killed := make(chan error), make(chan struct{})
	go func() {
		_, err := send(c, 0, 1, 2, 3, 0)
		sent <- err
	}()
	<-entered
	go func() {
		daemon.Kill()
		close(killed)
	}()
	err := <-sent
	close(released)
	<-killed
	if !errors.Is(err, token.ErrNoService) && !errors.Is(err, token.ErrRemoved) {
		t.Errorf("the command ended with %v", err)
	}
	if err := daemon.Restart(); err != nil {
		t.Fatal(err)
	}
}

// Descriptors, goroutines: what is there before is there after, and no more.
func TestManyCyclesLeaveNothingBehind(t *testing.T) {
	const cycles = 25 // in each reader
	s := open(t)
	cycle := func(i int) error {
		if err := daemon.Insert(i, echoCard()); err != nil {
			return err
		}
		c, err := s.Connect(t.Context(), daemon.Reader(i))
		if err != nil {
			return err
		}
		if _, err := send(c, 0, 1, 2, 3, 0); err != nil {
			return err
		}
		if i%2 == 0 { // half of them close what is not there any more
			err = daemon.Remove(i)
		}
		return errors.Join(err, c.Close(), daemon.Remove(i))
	}
	everywhere := func(cycles int) {
		var all sync.WaitGroup
		for i := range readersUsed {
			all.Go(func() {
				for range cycles {
					if err := cycle(i); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		all.Wait()
	}
	everywhere(1)
	files, goroutines := countFiles(t), runtime.NumGoroutine()
	ctx, cancel := context.WithCancel(t.Context())
	waited := make(chan int)
	go func() {
		n := 0
		seen, err := s.State()
		for ; err == nil; n++ {
			seen, err = s.Changed(ctx, seen)
		}
		waited <- n
	}()
	everywhere(cycles)
	cancel()
	t.Logf("%d changes seen", <-waited)
	settled(t, "descriptors", files, func() int { return countFiles(t) })
	settled(t, "goroutines", goroutines, runtime.NumGoroutine)
}

func countFiles(t *testing.T) int {
	t.Helper()
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(files)
}

// settled gives what is ending the time to end.
func settled(t *testing.T, what string, want int, count func() int) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	got := count()
	for range 200 {
		if got <= want {
			return
		}
		<-tick.C
		got = count()
	}
	t.Errorf("%d %s, %d before", got, what, want)
}
