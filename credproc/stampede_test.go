package credproc_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/internal/human"
)

func TestThousandCallersOfAColdProfileCostOnePromptOneCodeOneCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.vault.seeded = false
		h.session("base", "K", phone)
		ask := &person{takes: 5 * time.Second}
		h.stampede(t, 1000, func(int) string { return "base" }, ask)
		if ask.asked.Load() != 1 {
			t.Errorf("%d prompts, want 1", ask.asked.Load())
		}
		h.codes(t, 1)
		h.count(t, "GetSessionToken", 1)
	})
}

func TestTwoHundredCallersOfTwentyRolesShareOneSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.vault.seeded = false
		name := func(i int) string { return fmt.Sprintf("role-%d", i%20) }
		for i := range 20 {
			h.role(name(i), "K", phone, 0)
		}
		ask := &person{takes: 5 * time.Second}
		h.stampede(t, 200, name, ask)
		if ask.asked.Load() != 1 {
			t.Errorf("%d prompts, want 1", ask.asked.Load())
		}
		h.codes(t, 1)
		h.count(t, "GetSessionToken", 1)
		for i := range 20 {
			h.count(t, roleARN(name(i)), 1)
		}
	})
}

func TestCallerWhoComesAsAFlightHasLandedMakesNoSecondSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var reads atomic.Int32 // of the clock, counted from when it is set to 0
		reads.Store(-1 << 20)
		var between func()
		h := newHouse(t, func(o *credproc.Options) {
			now := o.Now
			o.Now = func() time.Time {
				if reads.Add(1) == 2 {
					between()
				}
				return now()
			}
		})
		h.role("prod", "K", phone, 0)
		h.must(t, "prod", nil)
		time.Sleep(50 * time.Minute)
		// The broker reads the clock once it has found the old session wanting:
		// the second time just before it joins a flight.
		between = func() { h.must(t, "prod", nil) }
		reads.Store(0)
		h.must(t, "prod", nil)
		if reads.Load() < 2 {
			t.Fatal("nobody came in between")
		}
		h.count(t, roleARN("prod"), 2)
	})
}

// stampede lets n callers come at once and checks that all are answered alike.
func (h *house) stampede(t *testing.T, n int, profile func(int) string, ask credproc.Asker) {
	t.Helper()
	var (
		wg   sync.WaitGroup
		mu   sync.Mutex
		keys = map[string]string{}
	)
	for i := range n {
		wg.Go(func() {
			got, err := h.get(t, profile(i), ask)
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			if first, has := keys[profile(i)]; has && first != got.AccessKeyID {
				t.Errorf("profile %s: two sessions", profile(i))
			}
			keys[profile(i)] = got.AccessKeyID
		})
	}
	wg.Wait()
}

func TestSecondIdentityOnADeviceWaitsForTheNextCode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.session("one", "K1", phone)
		h.session("two", "K2", phone)
		ask := &person{}
		h.stampede(t, 20, func(i int) string { return []string{"one", "two"}[i%2] }, ask)
		h.codes(t, 2)
		h.count(t, "GetSessionToken", 2)
		if ask.notices.Load() == 0 {
			t.Error("nobody was told of the wait")
		}
	})
}

func TestPromptMovesToTheNextCallerInItsOwnName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.vault.seeded = false
		h.role("first", "K", phone, 0)
		h.role("second", "K", phone, 0)
		alice, bob := &person{takes: time.Hour}, &person{takes: time.Second}
		ctx, hangUp := context.WithCancel(t.Context())
		gone := make(chan error, 1)
		go func() {
			_, err := h.Credentials(ctx, credproc.Request{Profile: "first", Asker: alice})
			gone <- err
		}()
		synctest.Wait()
		answered := make(chan error, 1)
		go func() {
			_, err := h.get(t, "second", bob)
			answered <- err
		}()
		synctest.Wait()
		if alice.open.Load() != 1 || bob.asked.Load() != 0 {
			t.Fatal("the first caller, and only they, should be asked")
		}
		hangUp()
		if err := <-gone; !errors.Is(err, context.Canceled) {
			t.Errorf("the one who left got %v", err)
		}
		if err := <-answered; err != nil {
			t.Errorf("the one who stayed got %v", err)
		}
		if alice.withdrawn.Load() != 1 {
			t.Error("the prompt was not withdrawn")
		}
		if why := bob.last.Load(); why.Profile != "second" || why.RoleARN != roleARN("second") || why.Serial != phone || why.Account != "210987654321" {
			t.Errorf("asked for %+v", *why)
		}
		h.count(t, "GetSessionToken", 1)
		h.count(t, roleARN("first"), 0)
	})
}

func TestLastCallerWhoLeavesWithdrawsThePrompt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.vault.seeded = false
		h.role("prod", "K", phone, 0)
		ask := &person{takes: time.Hour}
		ctx, hangUp := context.WithCancel(t.Context())
		go func() { _, _ = h.Credentials(ctx, credproc.Request{Profile: "prod", Asker: ask}) }()
		synctest.Wait()
		hangUp()
		synctest.Wait()
		if ask.open.Load() != 0 || ask.withdrawn.Load() != 1 {
			t.Error("the prompt is still open")
		}
		h.codes(t, 0)
	})
}

// A build that runs a thousand at one terminal asks the person there twice at most.
func TestTwoDismissalsAtOneTerminalAreForAllOfItAndNobodyLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.vault.seeded = false
		h.session("base", "K", phone)
		no := &person{at: "pts/3", takes: time.Second, no: human.ErrDismissed}
		var wg sync.WaitGroup
		for range 1000 {
			wg.Go(func() {
				if _, err := h.get(t, "base", no); !errors.Is(err, human.ErrDismissed) {
					t.Errorf("got %v, want ErrDismissed", err)
				}
			})
		}
		wg.Wait()
		if no.asked.Load() != 2 {
			t.Errorf("%d prompts, want 2", no.asked.Load())
		}
		h.must(t, "base", &person{})
	})
}

// ride has a caller wait for the profile base.
func (h *house) ride(t *testing.T, p *person) <-chan error {
	out := make(chan error, 1)
	go func() {
		_, err := h.get(t, "base", p)
		out <- err
	}()
	synctest.Wait()
	return out
}

func TestDismissalEndsTheDismissersCallAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.vault.seeded = false
		h.session("base", "K", phone)
		no := h.ride(t, &person{at: "pts/3", takes: time.Second, no: human.ErrDismissed})
		yes := h.ride(t, &person{at: "pts/5", takes: time.Second})
		if err := <-no; !errors.Is(err, human.ErrDismissed) {
			t.Errorf("who declined got %v", err)
		}
		if err := <-yes; err != nil {
			t.Errorf("who did not got %v", err)
		}
	})
}

func TestSilentPromptIsAskedBesideAndWhoWaitsIsToldWhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.vault.seeded = false
		h.session("base", "K", phone)
		start := time.Now()
		silent, second := &person{at: "pts/3", takes: time.Hour}, &person{at: "pts/5", takes: time.Second}
		first := h.ride(t, silent)
		got := h.ride(t, second)
		told := second.noticed.Load()
		if want := "waiting for an answer, asked at pts/3 by pts/3: the code of " + phone; told == nil || *told != want {
			t.Errorf("told %v, not %q", told, want)
		}
		if err := errors.Join(<-got, <-first); err != nil {
			t.Error(err)
		}
		if took := time.Since(start); took < 11*time.Second || took > 12*time.Second {
			t.Errorf("it took %s", took)
		}
		synctest.Wait()
		if silent.withdrawn.Load() != 1 || silent.open.Load() != 0 {
			t.Error("the silent prompt is open still")
		}
		if last := second.noticed.Load(); *last != "" {
			t.Errorf("who has the answer is left with %q", *last)
		}
	})
}

func TestCallerWithoutATerminalIsServedByOneWhoHasIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.vault.seeded = false
		h.session("base", "K", phone)
		var wg sync.WaitGroup
		for _, ask := range []*person{{takes: time.Second, no: human.ErrNoPrompt}, {takes: time.Second}} {
			wg.Go(func() {
				if _, err := h.get(t, "base", ask); err != nil {
					t.Error(err)
				}
			})
			synctest.Wait()
		}
		wg.Wait()
		if _, err := h.get(t, "base", nil); err != nil {
			t.Errorf("a warm profile needs nobody: %v", err)
		}
	})
}

func TestNobodyToAskIsAnErrorAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.vault.seeded = false
		h.session("base", "K", phone)
		start := time.Now()
		if _, err := h.get(t, "base", nil); !errors.Is(err, human.ErrNoPrompt) || time.Since(start) != 0 {
			t.Errorf("got %v after %s", err, time.Since(start))
		}
	})
}
