package credproc_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/credproc/config"
)

// faults gives each call the next of a list, then none.
func faults(list ...error) func(string) (error, error) {
	var n atomic.Int32
	return func(string) (before, after error) {
		if i := int(n.Add(1)) - 1; i < len(list) {
			return list[i], nil
		}
		return nil, nil
	}
}

var (
	errUnsent    = fmt.Errorf("dial tcp: %w", credproc.ErrUnsent)
	errThrottled = &credproc.RefusalError{Op: "GetSessionToken", Code: "Throttling", Status: 400, Class: credproc.ErrThrottled}
	errBroken    = &credproc.RefusalError{Op: "GetSessionToken", Code: "InternalFailure", Status: 500, Class: credproc.ErrUnavailable}
	errReset     = errors.New("connection reset by peer")
)

func TestCodesAndFaultsOfAWS(t *testing.T) {
	tests := []struct {
		name   string
		faults []error
		typed  bool
		codes  int // that AWS sees
		asked  int
		err    error
	}{
		{name: "never reached, then well", faults: []error{errUnsent, errUnsent}, codes: 1},
		{name: "never reached, then well, typed", faults: []error{errUnsent, errUnsent}, typed: true, codes: 1, asked: 1},
		{name: "never reached", faults: []error{errUnsent, errUnsent, errUnsent, errUnsent, errUnsent}, err: credproc.ErrUnavailable},
		{name: "throttled once", faults: []error{errThrottled}, codes: 2},
		{name: "throttled once, typed", faults: []error{errThrottled}, typed: true, codes: 2, asked: 2},
		{name: "broken once", faults: []error{errBroken}, codes: 2},
		{name: "answer lost", faults: []error{errReset}, codes: 2},
		{name: "denied", faults: []error{refusal("GetSessionToken", "AccessDenied", credproc.ErrDenied)}, codes: 1, err: credproc.ErrDenied},
		{name: "clock", faults: []error{&credproc.ClockError{Ahead: time.Hour}}, codes: 1, err: credproc.ErrClock},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHouse(t)
				h.vault.seeded = !test.typed
				h.aws.fault = faults(test.faults...)
				h.session("base", "K", phone)
				ask := &person{takes: 10 * time.Second}
				ask.types = func(_ context.Context, asked int) string {
					return showing(time.Now().Add(time.Duration(asked-1) * step)) // waits for the next one
				}
				if _, err := h.get(t, "base", ask); !errors.Is(err, test.err) {
					t.Errorf("got %v, want %v", err, test.err)
				}
				h.codes(t, test.codes)
				if int(ask.asked.Load()) != test.asked {
					t.Errorf("asked %d times, want %d", ask.asked.Load(), test.asked)
				}
				if test.codes == 0 && h.vault.released != 0 {
					t.Error("a code that AWS never saw was not given back")
				}
			})
		})
	}
}

func TestSecondCodeForNothingIsTheLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, func(o *credproc.Options) { o.Deadline = time.Hour })
		h.aws.fault = func(string) (error, error) { return errThrottled, nil }
		h.session("base", "K", phone)
		if _, err := h.get(t, "base", nil); !errors.Is(err, credproc.ErrThrottled) || !strings.Contains(err.Error(), "after 2 codes") {
			t.Errorf("got %v, want ErrThrottled", err)
		}
		h.codes(t, 2)
	})
}

// AWS that is down for all it does gets one code, and its words are told.
func TestOutageCostsOneCode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.aws.fault = func(string) (error, error) { return errBroken, nil }
		h.aws.down = errBroken
		h.session("base", "K", phone)
		_, err := h.get(t, "base", nil)
		if !errors.Is(err, credproc.ErrUnavailable) || !strings.Contains(err.Error(), "InternalFailure") {
			t.Errorf("got %v, want AWS's words", err)
		}
		h.codes(t, 1)
	})
}

// What is not AWS is asked once, with or without a code.
func TestAnswerOfAnotherProgramIsNotTriedAgain(t *testing.T) {
	for _, serial := range []string{phone, ""} {
		for name, fault := range map[string]error{
			"answered": fmt.Errorf("a web page: %w", credproc.ErrNoService),
			"unsent":   fmt.Errorf("a certificate: %w: %w", credproc.ErrNoService, credproc.ErrUnsent),
		} {
			synctest.Test(t, func(t *testing.T) {
				h := newHouse(t)
				h.session("base", "K", serial)
				tries, start := 0, time.Now()
				h.aws.fault = func(string) (error, error) { tries++; return fault, nil }
				_, err := h.get(t, "base", nil)
				if !errors.Is(err, credproc.ErrNoService) || tries != 1 || time.Since(start) > time.Second {
					t.Errorf("%s: %v after %d tries in %v", name, err, tries, time.Since(start))
				}
			})
		}
	}
}

// Who runs out of time while waiting for the next code hears why the last one
// was for nothing.
func TestOutOfTimeSaysWhatAWSSaidLast(t *testing.T) {
	for name, fault := range map[string]error{"Throttling": errThrottled, "InternalFailure": errBroken, "connection reset": errReset} {
		synctest.Test(t, func(t *testing.T) {
			h := newHouse(t, func(o *credproc.Options) { o.Deadline = 20 * time.Second })
			h.aws.fault = faults(fault)
			h.session("base", "K", phone)
			_, err := h.get(t, "base", nil)
			if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), name) {
				t.Errorf("got %v, want %s in it", err, name)
			}
		})
	}
}

// A code that did not leave in time is the next caller's.
func TestCodeThatDidNotLeaveIsGivenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.session("base", "K", phone)
		ctx, cancel := context.WithCancel(t.Context())
		h.vault.onCode = func() { cancel(); time.Sleep(time.Second) } // the caller leaves with the code in hand
		if _, err := h.Credentials(ctx, credproc.Request{Profile: "base"}); err == nil {
			t.Error("served")
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if h.vault.released != 0 {
			t.Errorf("%d codes were not given back", h.vault.released)
		}
		h.codes(t, 0)
	})
}

// Nobody is asked again for a code that AWS has not seen and would take.
func TestTypedCodeThatDoesNotLeaveIsTriedFourTimesBeforeAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.vault.seeded = false
		tries, each := 0, []int{}
		h.aws.fault = func(string) (error, error) { tries++; return errUnsent, nil }
		h.session("base", "K", phone)
		ask := &person{types: func(context.Context, int) string { each = append(each, tries); return "000000" }}
		if _, err := h.get(t, "base", ask); !errors.Is(err, credproc.ErrUnavailable) {
			t.Errorf("got %v", err)
		}
		if want := []int{0, 4, 8, 12}; !slices.Equal(each, want) || tries != 16 {
			t.Errorf("asked after %v tries, %d in all", each, tries)
		}
	})
}

func TestTypedCodeIsAskedForThreeTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.vault.seeded = false
		h.session("base", "K", phone)
		ask := &person{types: func(_ context.Context, asked int) string { return fmt.Sprintf("00000%d", asked) }}
		start := time.Now()
		_, err := h.get(t, "base", ask)
		if !errors.Is(err, credproc.ErrCodeRefused) || ask.asked.Load() != 3 {
			t.Errorf("got %v after %d questions", err, ask.asked.Load())
		}
		if took := time.Since(start); took != 3*h.aws.latency {
			t.Errorf("a person had to wait to be asked again: %s", took)
		}
		if again := *ask.again.Load(); again == "" {
			t.Error("the person was not told why they are asked again")
		}
		h.count(t, "GetSessionToken", 0)
	})
}

func TestRefusedTyperEndsTheirCallAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.vault.seeded = false
		h.session("base", "K", phone)
		bad := &person{at: "pts/3", takes: time.Second, types: func(_ context.Context, asked int) string { return fmt.Sprintf("00000%d", asked) }}
		wrong := h.ride(t, bad)
		right := h.ride(t, &person{at: "pts/5", takes: time.Second})
		if err := <-wrong; !errors.Is(err, credproc.ErrCodeRefused) || bad.asked.Load() != 3 {
			t.Errorf("who typed wrong codes got %v after %d questions", err, bad.asked.Load())
		}
		if err := <-right; err != nil {
			t.Errorf("who typed the right one got %v", err)
		}
	})
}

func TestWrongSeedCostsOneCode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.vault.now = func() time.Time { return time.Now().Add(time.Hour) } // as good as another seed
		h.session("base", "K", phone)
		_, err := h.get(t, "base", nil)
		if !errors.Is(err, credproc.ErrCodeRefused) || !strings.Contains(err.Error(), "seed") {
			t.Errorf("got %v", err)
		}
		h.codes(t, 1)
	})
}

func TestRefusalThatTeachesTheClockIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.aws.skew = 10 * time.Minute
		h.session("base", "K", phone)
		h.must(t, "base", nil)
		h.codes(t, 2)
		if len(h.vault.skewed) != 2 || h.vault.skewed[0] != 10*time.Minute || h.vault.skewed[1] != 10*time.Minute {
			t.Errorf("codes were told the skews %v, want 10m by each answer", h.vault.skewed)
		}
	})
}

func TestThrottledRoleIsTriedAgainWithoutACode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.role("prod", "K", phone, 0)
		h.aws.fault = faults(nil, errThrottled, errThrottled, errBroken)
		h.must(t, "prod", nil)
		h.codes(t, 1)
		h.count(t, roleARN("prod"), 1)
	})
}

// Who was told to slow down does: by twice as much each time, and not as one with
// the others.
func TestTriesOfABusyAWSAreSpread(t *testing.T) {
	took := map[time.Duration]bool{}
	for range 20 {
		synctest.Test(t, func(t *testing.T) {
			h := newHouse(t)
			h.aws.latency = 0
			tries := 0
			h.aws.fault = func(string) (error, error) { tries++; return errThrottled, nil }
			h.session("base", "K", "")
			start := time.Now()
			if _, err := h.get(t, "base", nil); !errors.Is(err, credproc.ErrThrottled) {
				t.Errorf("got %v", err)
			}
			all := time.Since(start)
			if most := (800 + 1600 + 3200 + 6400) * time.Millisecond; all < most/2 || all > most || tries != 5 {
				t.Errorf("%d tries took %s", tries, all)
			}
			took[all] = true
		})
	}
	if len(took) < 2 {
		t.Error("all try at the same time")
	}
}

func TestOutOfTimeSaysWhatWasWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, func(o *credproc.Options) { o.Deadline = 20 * time.Second })
		h.session("one", "K1", phone)
		h.session("two", "K2", phone)
		h.must(t, "one", nil)
		start := time.Now()
		_, err := h.get(t, "two", &person{})
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "next code of the phone") {
			t.Errorf("got %v", err)
		}
		if took := time.Since(start); took != 20*time.Second {
			t.Errorf("took %s", took)
		}
		h.codes(t, 1)
	})
}

// stuck is a token, and a trust, that never answers.
type stuck struct{}

func (stuck) SigningKey(ctx context.Context, _ string) ([]byte, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func (stuck) Route(ctx context.Context, _ string, _ credproc.Route, _ credproc.Asker) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestRequestThatGivesUpSaysWhatWasStuck(t *testing.T) {
	for want, hang := range map[string]func(*house){
		"while waiting for AWS: ":                                     func(h *house) { h.aws.latency = time.Hour },
		"while waiting for the token that signs for access key AKIAK": func(h *house) { h.vault.days = stuck{} },
		"while waiting for a code of MFA device " + phone:             func(h *house) { h.vault.seeded = false },
		"while waiting to know whether ":                              func(h *house) { h.aws.proxy = "http://p:3128" },
	} {
		synctest.Test(t, func(t *testing.T) {
			h := newHouse(t, func(o *credproc.Options) { o.Deadline = 20 * time.Second; o.Trust = stuck{} })
			hang(h)
			h.session("base", "K", phone)
			_, err := h.get(t, "base", &person{takes: time.Hour})
			if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %q", err, want)
			}
		})
	}
}

func TestUntrustedRouteSeesNothing(t *testing.T) {
	for name, detour := range map[string]func(*house, *config.Endpoint){
		"endpoint":  func(_ *house, at *config.Endpoint) { at.URL = value("http://127.0.0.1:1") },
		"CA bundle": func(_ *house, at *config.Endpoint) { at.CABundle = value("corp.pem") },
		"proxy":     func(h *house, _ *config.Endpoint) { h.aws.proxy = "http://p:3128" },
	} {
		synctest.Test(t, func(t *testing.T) {
			h := newHouse(t, func(o *credproc.Options) { o.Trust = trust{credproc.ErrUntrustedEndpoint} })
			h.session("base", "K", phone)
			detour(h, &h.profiles["base"].Steps[1].Exchange().Endpoint)
			if _, err := h.get(t, "base", &person{}); !errors.Is(err, credproc.ErrUntrustedEndpoint) {
				t.Errorf("%s: got %v, want ErrUntrustedEndpoint", name, err)
			}
			h.codes(t, 0)
			if h.vault.released != 0 {
				t.Errorf("%s: a code was released", name)
			}
		})
	}
}

func TestLockedVaultAsksOnceForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.vault.locked.Store(true)
		h.session("base", "K", phone)
		ask := &person{takes: time.Second}
		h.stampede(t, 100, func(int) string { return "base" }, ask)
		if ask.asked.Load() != 1 {
			t.Errorf("asked %d times, want 1", ask.asked.Load())
		}
	})
}

// Whatever goes wrong, AWS never sees a code twice, and everybody has an
// answer within the deadline.
func TestNoCodeIsSentTwiceUnderRandomFaults(t *testing.T) {
	served := 0
	for seed := range uint64(200) {
		synctest.Test(t, func(t *testing.T) { served += stormy(t, seed) })
	}
	if served < 200*stormCallers/3 {
		t.Errorf("%d of %d callers were served", served, 200*stormCallers)
	}
}

const stormCallers = 40

// stormy lets callers come and go while much goes wrong, and counts those who
// were served.
func stormy(t *testing.T, seed uint64) (served int) {
	random := rand.New(rand.NewPCG(seed, 1))
	h := newHouse(t)
	h.vault.seeded = seed%4 != 0
	h.aws.latency = time.Duration(random.IntN(3000)) * time.Millisecond
	h.aws.fault = storm(rand.New(rand.NewPCG(seed, 2)))
	for i := range 4 {
		h.session(fmt.Sprint("session-", i), fmt.Sprint("K", i%2), phone)
		h.role(fmt.Sprint("role-", i), fmt.Sprint("K", i%2), phone, 900)
		h.direct(fmt.Sprint("direct-", i), fmt.Sprint("K", i%2))
	}
	var wg sync.WaitGroup
	var answered atomic.Int32
	for range stormCallers {
		profile := fmt.Sprintf("%s-%d", []string{"session", "role", "direct"}[random.IntN(3)], random.IntN(4))
		after, stay := time.Duration(random.IntN(120))*time.Second, time.Duration(random.IntN(90))*time.Second
		ask := &person{takes: time.Duration(random.IntN(20)) * time.Second}
		ask.types = h.vault.reads
		wg.Go(func() {
			time.Sleep(after)
			ctx, cancel := context.WithTimeout(t.Context(), stay)
			defer cancel()
			start := time.Now()
			_, err := h.Credentials(ctx, credproc.Request{Profile: profile, Asker: ask})
			if took := time.Since(start); took > 55*time.Second {
				t.Errorf("seed %d: answered after %s", seed, took)
			}
			if err == nil {
				answered.Add(1)
			}
		})
	}
	wg.Wait()
	if _, twice := h.aws.seen(); twice {
		t.Errorf("seed %d: AWS saw a code twice", seed)
	}
	return int(answered.Load())
}

// storm is an AWS where about half of all calls go wrong, in every way.
func storm(random *rand.Rand) func(string) (before, after error) {
	var mu sync.Mutex
	return func(op string) (before, after error) {
		mu.Lock()
		defer mu.Unlock()
		switch random.IntN(12) {
		case 0, 1:
			return errUnsent, nil
		case 2:
			return errThrottled, nil
		case 3:
			return errBroken, nil
		case 4:
			return nil, errReset
		case 5:
			if op != "AssumeRole" {
				return nil, nil
			}
			return refusal(op, "ExpiredToken", credproc.ErrExpired), nil
		}
		return nil, nil
	}
}

// reads is a careful person, who never types a code that they typed before.
func (v *vault) reads(ctx context.Context, _ int) string {
	for {
		at, wait := v.take("phone in hand")
		if wait == 0 {
			return showing(at)
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ""
		}
	}
}

// direct adds a profile that is a role assumed with a code.
func (h *house) direct(profile, key string) {
	h.profiles[profile] = &config.Chain{Profile: profile, Steps: []config.Step{source(key), roleOf(profile, func(r *config.Role) {
		r.Serial, r.Duration.Seconds = value(phone), 7200
	})}}
}
