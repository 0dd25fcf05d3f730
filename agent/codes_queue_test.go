package agent

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mfad/mfad/agent/inventory"
	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/internal/errcode"
)

// from is a caller of a peer of that name.
func from(lineage string) *person {
	return &person{lineage: lineage}
}

// withPhone is a bench with a device whose current code was used.
func withPhone(t *testing.T) *bench {
	t.Helper()
	b := openBench(t)
	b.must(t, nobody, wire.MethodDeviceAdd, wire.DeviceAddParams{Name: "phone", Serial: serial, Seed: []byte(seed)}, nil)
	b.must(t, from("first"), wire.MethodCode, wire.NameParams{Name: "phone"}, nil)
	return b
}

// login has a login wait for a code, and tells how long it took.
func (b *bench) login(t *testing.T, p *person) <-chan time.Duration {
	took, start := make(chan time.Duration, 1), time.Now()
	go func() {
		if _, err := b.devices.codes.Code(t.Context(), credproc.CodeRequest{Purpose: credproc.Purpose{Serial: serial}}, p.asker()); err != nil {
			t.Error(err)
		}
		took <- time.Since(start)
	}()
	synctest.Wait()
	return took
}

// flood has each of some callers ask for so many codes at once, and counts those
// that are refused at once.
func (b *bench) flood(ctx context.Context, t *testing.T, callers []*person, each int) (refused int, over *sync.WaitGroup) {
	t.Helper()
	over = new(sync.WaitGroup)
	var mu sync.Mutex
	for _, p := range callers {
		for range each {
			over.Go(func() {
				err := b.callContext(ctx, t, p, wire.MethodCode, wire.NameParams{Name: "phone"}, nil)
				if errors.Is(err, errcode.Busy) {
					mu.Lock()
					defer mu.Unlock()
					refused++
				}
			})
		}
	}
	synctest.Wait()
	mu.Lock()
	defer mu.Unlock()
	return refused, over
}

func TestTwoCallsOfAPeerWaitForTheCodesOfADevice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := withPhone(t)
		refused, over := b.flood(t.Context(), t, []*person{from("flood"), from("flood")}, 30)
		if refused != 58 {
			t.Errorf("%d of 60 were refused at once, want 58", refused)
		}
		b.must(t, from("other"), wire.MethodCode, wire.NameParams{Name: "phone"}, nil)
		over.Wait()
	})
}

func TestLoginGoesBeforeCodes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := withPhone(t)
		var callers []*person
		for i := range 10 {
			callers = append(callers, from(fmt.Sprint("flood ", i)))
		}
		_, over := b.flood(t.Context(), t, callers, 6)
		if took := <-b.login(t, from("honest")); took > period {
			t.Errorf("the login took %s", took)
		}
		if took := <-b.login(t, from("flood 1")); took > period { // even of a peer that floods
			t.Errorf("the second login took %s", took)
		}
		over.Wait()
	})
}

func TestFirstLoginOfAPeerGoesBeforeTheSecondOfAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := withPhone(t)
		first, second := b.login(t, from("flood")), b.login(t, from("flood"))
		if took := <-b.login(t, from("honest")); took > 2*period {
			t.Errorf("the login took %s", took)
		}
		if took := <-first; took > period {
			t.Errorf("the first took %s", took)
		}
		<-second
	})
}

func TestCallsThatAreGivenUpBookNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := withPhone(t)
		for range 20 {
			ctx, hangUp := context.WithCancel(t.Context())
			_, over := b.flood(ctx, t, []*person{from("a"), from("b"), from("c")}, 2)
			hangUp()
			over.Wait()
		}
		if took := <-b.login(t, from("honest")); took > period {
			t.Errorf("the login took %s", took)
		}
	})
}

// Two codes in a row are two places, each of which a login may go before.
func TestLoginGoesBetweenThePairsOfOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := withPhone(t)
		device, err := inventory.FindDevice(b.access.Opened(), "phone")
		if err != nil {
			t.Fatal(err)
		}
		var over sync.WaitGroup
		for i := range 4 {
			ask := from(fmt.Sprint("flood ", i)).asker()
			over.Go(func() { _, _ = b.devices.codes.Pair(t.Context(), device, ask) })
		}
		synctest.Wait()
		time.Sleep(period + time.Second)
		if took := <-b.login(t, from("honest")); took > period {
			t.Errorf("the login took %s", took)
		}
		over.Wait()
	})
}

func TestOneDeviceDoesNotHoldUpTheLoginsOfAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := withPhone(t)
		const other = "arn:aws:iam::123456789012:mfa/other"
		b.must(t, nobody, wire.MethodDeviceAdd, wire.DeviceAddParams{Name: "other", Serial: other, Seed: []byte(seed)}, nil)
		_, over := b.flood(t.Context(), t, []*person{from("flood")}, 60)
		start := time.Now()
		want := credproc.CodeRequest{Purpose: credproc.Purpose{Serial: other}}
		if _, err := b.devices.codes.Code(t.Context(), want, from("flood").asker()); err != nil || time.Since(start) > time.Second {
			t.Errorf("got %v after %s", err, time.Since(start))
		}
		over.Wait()
	})
}
