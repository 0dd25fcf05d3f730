package keystore

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"
)

// soon is later than any test keeps anything.
func soon() time.Time { return time.Now().Add(time.Hour) }

func TestKeptSecretsGoWithTheUnlock(t *testing.T) {
	for name, end := range map[string]func(*fixture){
		"lock":  func(f *fixture) { f.Lock() },
		"close": func(f *fixture) { _ = f.Close() },
		"hold":  func(*fixture) { time.Sleep(time.Minute) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFixture(t, Options{Hold: time.Minute})
				secret := []byte("kDate")
				if !f.Keep("day", secret, soon()) || !bytes.Equal(secret, make([]byte, 5)) {
					t.Fatalf("not kept, or %q was not wiped", secret)
				}
				page := f.page("day")
				if got := f.Kept("day"); string(got) != "kDate" || f.Kept("other") != nil {
					t.Errorf("got %q", got)
				}
				end(f)
				synctest.Wait()
				if page.Bytes() != nil || f.Kept("day") != nil {
					t.Error("it is there still")
				}
				if f.Keep("day", secret, soon()) {
					t.Error("a vault that is locked keeps")
				}
			})
		})
	}
}

func TestKeptSecretsHaveTheirOwnEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, Options{Hold: -1})
		f.Keep("day", []byte("kDate"), time.Now().Add(time.Minute))
		f.Keep("longer", []byte("x"), soon())
		page := f.page("day")
		time.Sleep(time.Minute)
		synctest.Wait()
		if page.Bytes() != nil || f.Kept("day") != nil || f.Kept("longer") == nil {
			t.Error("the end was not kept to")
		}
		if f.Keep("day", []byte("kDate"), time.Now()) {
			t.Error("kept what has ended")
		}
	})
}

// The clock that tells the end may be set, of which a timer knows nothing.
func TestKeptSecretsEndByTheClock(t *testing.T) {
	now := time.Now()
	f := newFixture(t, Options{Hold: -1, Now: func() time.Time { return now }})
	f.Keep("day", []byte("kDate"), now.Add(time.Hour))
	now = now.Add(2 * time.Hour)
	if f.Kept("day") != nil || f.page("day") != nil {
		t.Error("it is there still")
	}
}

func TestKeptSecretsAreReplacedAndDropped(t *testing.T) {
	f := newFixture(t, Options{Hold: -1})
	f.Keep("a", []byte("old"), soon())
	old := f.page("a")
	f.Keep("a", []byte("new"), soon())
	f.Keep("b", []byte("b"), soon())
	f.unlock(t) // again, which must not forget
	if old.Bytes() != nil || string(f.Kept("a")) != "new" {
		t.Errorf("kept %q", f.Kept("a"))
	}
	f.Unkeep(func(name string) bool { return name == "a" })
	if f.Kept("a") != nil || f.Kept("b") == nil {
		t.Error("the wrong one was dropped")
	}
	f.Lock()
	f.Unkeep(func(string) bool { return true })
}

func TestUnlockForOneUseKeepsNothing(t *testing.T) {
	f := newFixture(t, Options{})
	if f.Keep("day", []byte("kDate"), soon()) {
		t.Error("kept")
	}
}

// page is what is kept under a name itself, which a timer may wipe meanwhile;
// nil when there is none.
func (f *fixture) page(name string) *Secret {
	f.mu.Lock()
	defer f.mu.Unlock()
	if k := f.held.kept[name]; k != nil {
		return k.secret
	}
	return nil
}
