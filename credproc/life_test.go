package credproc_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/credproc/config"
	"github.com/mfad/mfad/internal/human"
)

func TestSessionIsServedFromMemoryWhileItHas16Minutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.role("prod", "K", phone, 0)
		first := h.must(t, "prod", nil)
		time.Sleep(39 * time.Minute) // 21 left: nothing is due
		if again := h.must(t, "prod", nil); again.AccessKeyID != first.AccessKeyID {
			t.Error("made again with 21 minutes left")
		}
		time.Sleep(6 * time.Minute) // 15 left, and nobody came meanwhile to start a renewal
		if again := h.must(t, "prod", nil); again.AccessKeyID == first.AccessKeyID {
			t.Error("handed out with 15 minutes left")
		}
		h.count(t, roleARN("prod"), 2)
		h.count(t, "GetSessionToken", 1)
		h.codes(t, 1)
	})
}

func TestSessionIsRenewedInTheBackgroundFrom20Minutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.role("prod", "K", phone, 0)
		first := h.must(t, "prod", nil)
		time.Sleep(43 * time.Minute) // 17 left
		start := time.Now()
		if again := h.must(t, "prod", nil); again.AccessKeyID != first.AccessKeyID || time.Since(start) != 0 {
			t.Error("the caller waited for the renewal")
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if again := h.must(t, "prod", nil); again.AccessKeyID == first.AccessKeyID {
			t.Error("not renewed in the background")
		}
		h.count(t, roleARN("prod"), 2)
	})
}

func TestRenewalInTheBackgroundAsksNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.vault.seeded = false
		h.session("base", "K", phone)
		ask := &person{}
		first := h.must(t, "base", ask)
		time.Sleep(12*time.Hour - 17*time.Minute)
		h.must(t, "base", ask)
		time.Sleep(time.Second)
		if again := h.must(t, "base", ask); again.AccessKeyID != first.AccessKeyID || ask.asked.Load() != 1 {
			t.Errorf("asked %d times, want 1: the session had 17 minutes left", ask.asked.Load())
		}
		time.Sleep(2 * time.Minute)
		if again := h.must(t, "base", ask); again.AccessKeyID == first.AccessKeyID || ask.asked.Load() != 2 {
			t.Errorf("asked %d times, want 2: the session had 15 minutes left", ask.asked.Load())
		}
	})
}

func TestRenewalInTheBackgroundThatFailsIsPutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.session("base", "K", "")
		h.must(t, "base", nil)
		tries := 0
		h.aws.fault = func(op string) (error, error) { tries++; return refusal(op, "AccessDenied", credproc.ErrDenied), nil }
		time.Sleep(12*time.Hour - 18*time.Minute)
		for range 10 {
			h.must(t, "base", nil)
			time.Sleep(time.Second)
		}
		if why := h.Sessions()[0].Fault; tries != 1 || !strings.Contains(why, "AccessDenied") {
			t.Errorf("tried %d times in ten seconds; fault %q", tries, why)
		}
	})
}

func TestRenewalThatFailsServesWhatLives(t *testing.T) {
	down := func(string) (error, error) { return credproc.ErrUnsent, nil }
	refused := func(op string) (error, error) { return refusal(op, "AccessDenied", credproc.ErrDenied), nil }
	for name, fault := range map[string]func(string) (error, error){"no network": down, "denied": refused} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHouse(t)
				h.role("prod", "K", phone, 0)
				first := h.must(t, "prod", nil)
				h.aws.fault = fault
				time.Sleep(50 * time.Minute)
				if again := h.must(t, "prod", nil); again.AccessKeyID != first.AccessKeyID {
					t.Error("another session")
				}
				start := time.Now()
				h.must(t, "prod", nil)
				if time.Since(start) != 0 {
					t.Error("tried again at once")
				}
				if got := faultOf(h, config.KindRole); got == "" {
					t.Error("status does not tell why")
				}
				time.Sleep(10*time.Minute + time.Second)
				if _, err := h.get(t, "prod", nil); err == nil {
					t.Error("handed out after its end")
				}
				h.aws.fault = nil
				h.must(t, "prod", nil)
			})
		})
	}
}

func faultOf(h *house, kind config.StepKind) string {
	for _, info := range h.Sessions() {
		if info.Kind == kind {
			return info.Fault
		}
	}
	return ""
}

func TestWhoDeclinedARenewalIsNotAskedAgainWhileTheSessionLives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.vault.seeded = false
		h.session("base", "K", phone)
		first := h.must(t, "base", &person{})
		time.Sleep(12*time.Hour - 15*time.Minute)
		no := &person{no: human.ErrDismissed}
		for range 10 {
			if again := h.must(t, "base", no); again.AccessKeyID != first.AccessKeyID {
				t.Error("another session")
			}
			time.Sleep(time.Minute)
		}
		if no.asked.Load() != 1 {
			t.Errorf("asked %d times, want 1", no.asked.Load())
		}
	})
}

func TestFifteenMinuteSessionHasAMarginToItsMeasure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.role("prod", "K", phone, 900)
		first := h.must(t, "prod", nil)
		time.Sleep(9 * time.Minute)
		if again := h.must(t, "prod", nil); again.AccessKeyID != first.AccessKeyID {
			t.Error("made again after 9 of 15 minutes")
		}
		time.Sleep(100 * time.Second) // 4:20 left
		start := time.Now()
		if again := h.must(t, "prod", nil); again.AccessKeyID != first.AccessKeyID || time.Since(start) != 0 {
			t.Error("waited for a renewal with 4:20 of 15 minutes left")
		}
		h.Forget(func(credproc.SessionInfo) bool { return true })
		first = h.must(t, "prod", nil)
		time.Sleep(12 * time.Minute)
		if again := h.must(t, "prod", nil); again.AccessKeyID == first.AccessKeyID {
			t.Error("handed out with 3 of 15 minutes left")
		}
	})
}

func TestSuspendedTimeCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.role("prod", "K", phone, 0)
		first := h.must(t, "prod", nil)
		h.suspend(2 * time.Hour)
		if len(h.Sessions()) != 1 {
			t.Errorf("%d sessions, want that of the key alone", len(h.Sessions()))
		}
		if again := h.must(t, "prod", nil); again.AccessKeyID == first.AccessKeyID {
			t.Error("an expired session was handed out")
		}
	})
}

func TestSessionPastItsEndOnTheWallClockIsNotHandedOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.role("prod", "K", phone, 0)
		first := h.must(t, "prod", nil)
		h.jumped.Store(int64(2 * time.Hour)) // as clients will see it
		if again := h.must(t, "prod", nil); again.AccessKeyID == first.AccessKeyID {
			t.Error("handed out after its end")
		}
	})
}

func TestManyWhoFailTogetherAreOneFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.role("prod", "K", phone, 0)
		first := h.must(t, "prod", nil)
		h.aws.fault = func(op string) (error, error) { return refusal(op, "AccessDenied", credproc.ErrDenied), nil }
		time.Sleep(45 * time.Minute)
		h.stampede(t, 100, func(int) string { return "prod" }, nil)
		h.aws.fault = nil
		time.Sleep(time.Minute)
		if again := h.must(t, "prod", nil); again.AccessKeyID == first.AccessKeyID {
			t.Error("not tried again after a minute")
		}
	})
}

func TestClockThatGoesBackKeepsNoSessionAlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.role("prod", "K", phone, 0)
		first := h.must(t, "prod", nil)
		h.jumped.Store(-int64(3 * time.Hour))
		if again := h.must(t, "prod", nil); again.AccessKeyID != first.AccessKeyID {
			t.Error("the session was good still")
		}
		time.Sleep(61 * time.Minute)
		if again := h.must(t, "prod", nil); again.AccessKeyID == first.AccessKeyID {
			t.Error("an expired session was handed out")
		}
	})
}

func TestClockThatIsWrongFromTheStartDoesNotDisturbTheCache(t *testing.T) {
	for _, skew := range []time.Duration{-2 * time.Hour, 2 * time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			h := newHouse(t)
			h.aws.skew = skew
			h.session("base", "K", "")
			h.must(t, "base", nil)
			h.role("prod", "K", "", 0)
			first := h.must(t, "prod", nil)
			time.Sleep(30 * time.Minute)
			if again := h.must(t, "prod", nil); again.AccessKeyID != first.AccessKeyID {
				t.Errorf("skew %s: made again", skew)
			}
			time.Sleep(20 * time.Minute)
			if again := h.must(t, "prod", nil); again.AccessKeyID == first.AccessKeyID {
				t.Errorf("skew %s: handed out with 10 minutes left", skew)
			}
		})
	}
}

func TestEndThatCannotBeTrueIsNotHandedOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.session("base", "K", phone)
		past := time.Now().Add(-time.Second)
		h.aws.says = &past
		if _, err := h.get(t, "base", nil); !errors.Is(err, credproc.ErrUnavailable) || !strings.Contains(err.Error(), "expired at") {
			t.Errorf("got %v", err)
		}
		if kept := h.Sessions(); len(kept) != 0 {
			t.Errorf("kept %v", kept)
		}
		far := time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)
		h.aws.says = &far
		if got := h.must(t, "base", nil); time.Until(got.Expiration) > 12*time.Hour {
			t.Errorf("it is said to live until %v", got.Expiration)
		}
	})
}

func TestAnswerThatIsNoSessionIsNeitherHandedOutNorKept(t *testing.T) {
	for name, cut := range map[string]func(*credproc.Credentials){
		"access key id": func(c *credproc.Credentials) { c.AccessKeyID = "" },
		"secret":        func(c *credproc.Credentials) { c.SecretAccessKey = "" },
		"token":         func(c *credproc.Credentials) { c.SessionToken = "" },
		"end":           func(c *credproc.Credentials) { c.Expiration = time.Time{} },
	} {
		h := newHouse(t)
		h.aws.latency, h.aws.cut = 0, cut
		h.session("base", "K", phone)
		if got, err := h.get(t, "base", nil); !errors.Is(err, credproc.ErrUnavailable) || got.SecretAccessKey != "" || len(h.Sessions()) != 0 {
			t.Errorf("without %s: got %v, %v", name, got, err)
		}
	}
}

func TestExpiredSessionsAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.role("prod", "K", phone, 0)
		h.must(t, "prod", nil)
		if got := len(h.Sessions()); got != 2 {
			t.Fatalf("%d sessions, want 2", got)
		}
		time.Sleep(time.Hour)
		if got := len(h.Sessions()); got != 1 {
			t.Errorf("%d sessions after an hour, want 1", got)
		}
	})
}

func TestRefusedSessionIsMadeOnceMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.role("one", "K", phone, 0)
		h.role("two", "K", phone, 0)
		h.must(t, "one", nil)
		h.aws.revoke(h.Cached(t.Context(), h.profiles["one"])[1].AccessKeyID)
		h.must(t, "two", nil)
		h.count(t, "GetSessionToken", 2)
		h.codes(t, 2)

		// A fresh session that is refused is a fault that another would not heal.
		h.Forget(func(credproc.SessionInfo) bool { return true })
		h.aws.fault = func(op string) (error, error) {
			if op == "AssumeRole" {
				return refusal(op, "ExpiredToken", credproc.ErrExpired), nil
			}
			return nil, nil
		}
		if _, err := h.get(t, "one", nil); !errors.Is(err, credproc.ErrExpired) {
			t.Errorf("got %v, want ErrExpired", err)
		}
		h.count(t, "GetSessionToken", 3)
	})
}

func TestForgetHoldsForWhatIsBeingMade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.vault.seeded = false
		h.role("prod", "K", phone, 0)
		done := make(chan error, 1)
		go func() {
			_, err := h.get(t, "prod", &person{takes: 5 * time.Second})
			done <- err
		}()
		synctest.Wait()
		if got := h.Forget(func(info credproc.SessionInfo) bool { return info.Kind == config.KindSession }); got != 0 {
			t.Errorf("forgot %d, want 0", got)
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if got := h.Sessions(); len(got) != 1 || got[0].Kind != config.KindRole {
			t.Errorf("got %v, want the role's session alone", got)
		}
		h.Forget(func(info credproc.SessionInfo) bool { return info.Profiles[0] == "prod" })
		if got := h.Sessions(); len(got) != 0 {
			t.Errorf("got %v, want none", got)
		}
	})
}

// What is made first must not end what holds for the other.
func TestForgetHoldsForAllThatIsBeingMade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		var over sync.WaitGroup
		names := []string{"first", "second"}
		for _, name := range names {
			h.session(name, name, "")
		}
		for _, name := range names {
			over.Go(func() { h.must(t, name, nil) })
			time.Sleep(h.aws.latency / 3)
		}
		h.Forget(func(info credproc.SessionInfo) bool {
			return slices.Contains([]string{"first", "second"}, info.Profiles[0])
		})
		over.Wait()
		if got := h.Sessions(); len(got) != 0 {
			t.Errorf("kept %v", got)
		}
		h.must(t, "first", nil)
		if got := h.Sessions(); len(got) != 1 {
			t.Errorf("what was made afterwards is forgotten too: %v", got)
		}
	})
}

func TestSessionIsNotServedAtItsVeryEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.aws.latency = 0
		h.session("base", "K", "")
		time.Sleep(time.Second) // so that no sweep comes at the end
		end := h.must(t, "base", nil).Expiration
		h.aws.fault = func(op string) (error, error) { return refusal(op, "AccessDenied", credproc.ErrDenied), nil }
		time.Sleep(time.Until(end))
		if got, err := h.get(t, "base", nil); !errors.Is(err, credproc.ErrDenied) {
			t.Errorf("got %v, %v", got, err)
		}
	})
}

func TestSessionsTellWhatTheyAre(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.role("prod", "K", phone, 0)
		h.role("test", "K", phone, 0)
		given := h.must(t, "prod", nil)
		h.must(t, "test", nil)
		var base, prod credproc.SessionInfo
		for _, info := range h.Sessions() {
			switch info.Identity {
			case "AKIAK":
				base = info
			case roleARN("prod"):
				prod = info
			}
		}
		if base.Serial != phone || base.Account != account || strings.Join(base.Profiles, " ") != "prod test" {
			t.Errorf("the key's session: %+v", base)
		}
		if prod.Account != "210987654321" || prod.Kind != config.KindRole || strings.Join(prod.Profiles, " ") != "prod" || prod.ID == "" ||
			!prod.Expires.Equal(given.Expiration) || prod.AccessKeyID != given.AccessKeyID {
			t.Errorf("the role's session: %+v", prod)
		}
		if cached := h.Cached(t.Context(), h.profiles["prod"]); cached[0].ID != "" || cached[1].ID != base.ID || cached[2].ID != prod.ID {
			t.Errorf("by step: %+v", cached)
		}
	})
}

func TestCloseEndsWhatWaitsAndForgetsAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.session("warm", "K1", "")
		h.must(t, "warm", nil)
		h.vault.seeded = false
		h.session("base", "K", phone)
		ask := &person{takes: time.Hour}
		done := make(chan error, 1)
		go func() {
			_, err := h.get(t, "base", ask)
			done <- err
		}()
		synctest.Wait()
		h.Close()
		if ask.open.Load() != 0 {
			t.Error("the prompt is still open")
		}
		if err := <-done; !errors.Is(err, credproc.ErrClosed) {
			t.Errorf("got %v, want ErrClosed", err)
		}
		if _, err := h.get(t, "warm", nil); !errors.Is(err, credproc.ErrClosed) {
			t.Errorf("after Close: got %v, want ErrClosed", err)
		}
	})
}
