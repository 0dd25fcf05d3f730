package credproc_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/credproc/config"
	"github.com/mfad/mfad/internal/errcode"
)

// A loop that tries again at once spends no code on the same answer.
func TestRefusalIsRememberedForAWhile(t *testing.T) {
	tooLong := &credproc.RefusalError{
		Op: "AssumeRole", Code: "ValidationError", Message: "exceeds the MaxSessionDuration", Status: 400, Class: credproc.ErrTooLong,
	}
	for name, test := range map[string]struct {
		refusal error
		class   error
		life    time.Duration
	}{
		"denied":           {refusal("AssumeRole", "AccessDenied", credproc.ErrDenied), credproc.ErrDenied, 2 * time.Minute},
		"key disabled":     {refusal("AssumeRole", "InvalidClientTokenId", credproc.ErrKeyRefused), credproc.ErrKeyRefused, 2 * time.Minute},
		"device unknown":   {refusal("AssumeRole", "AccessDenied", credproc.ErrDeviceRefused), credproc.ErrDeviceRefused, 2 * time.Minute},
		"session too long": {tooLong, credproc.ErrTooLong, 10 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHouse(t)
				h.direct("prod", "K")
				h.direct("other", "K")
				h.aws.fault = func(string) (error, error) { return test.refusal, nil }
				for range 5 {
					if _, err := h.get(t, "prod", nil); !errors.Is(err, test.class) || !strings.Contains(err.Error(), test.refusal.Error()) {
						t.Errorf("got %v, want AWS's words", err)
					}
				}
				h.codes(t, 1)
				h.aws.fault = nil
				h.must(t, "other", nil) // another session
				h.codes(t, 2)
				if _, err := h.get(t, "prod", nil); !errors.Is(err, test.class) {
					t.Errorf("got %v", err)
				}
				time.Sleep(test.life)
				h.must(t, "prod", nil)
				h.codes(t, 3)
			})
		})
	}
}

// Who is denied a session of their own hears of no role; a key that is refused is
// named.
func TestRefusalTellsWhatAnAdviceNames(t *testing.T) {
	for _, row := range []struct {
		op    string
		class error
		want  map[string]string
	}{
		{"GetSessionToken", credproc.ErrDenied, map[string]string{"operation": "GetSessionToken"}},
		{"GetSessionToken", credproc.ErrKeyRefused, map[string]string{"key": "K"}},
		{"AssumeRole", credproc.ErrDenied, map[string]string{"operation": ""}},
	} {
		synctest.Test(t, func(t *testing.T) {
			h := newHouse(t)
			h.direct("p", "K")
			if row.op == "GetSessionToken" {
				h.session("p", "K", "D")
			}
			h.aws.fault = faults(refusal(row.op, "AccessDenied", row.class))
			_, err := h.get(t, "p", nil)
			for what, want := range row.want {
				if got := errcode.Told(err)[what]; !errors.Is(err, row.class) || got != want {
					t.Errorf("%s: %v tells %s %q, want %q", row.op, err, what, got, want)
				}
			}
		})
	}
}

func TestRefusalIsForgottenWithTheSessions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.direct("prod", "K")
		h.aws.fault = faults(refusal("AssumeRole", "AccessDenied", credproc.ErrDenied))
		if _, err := h.get(t, "prod", nil); err == nil {
			t.Error("granted")
		}
		h.Forget(func(credproc.SessionInfo) bool { return true })
		h.must(t, "prod", nil)
	})
}

func TestDurationThatTheRoleDoesNotAllowIsNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.direct("prod", "K")
		h.aws.fault = faults(&credproc.RefusalError{Op: "AssumeRole", Code: "ValidationError", Status: 400, Class: credproc.ErrTooLong})
		if _, err := h.get(t, "prod", nil); !errors.Is(err, credproc.ErrTooLong) || !strings.Contains(err.Error(), "lower duration_seconds = 7200") {
			t.Errorf("got %v", err)
		}
	})
}

// AWS makes no session with a code of temporary keys.
func TestTemporaryKeysCostNoCode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, func(o *credproc.Options) { o.Sources = []credproc.Source{box{asked: func() {}}} })
		h.chain("base", machine(config.KindEC2), mfaSession(phone))
		h.aws.live[string(config.KindEC2)] = time.Now().Add(time.Hour)
		if _, err := h.get(t, "base", nil); !errors.Is(err, credproc.ErrInvalid) || !strings.Contains(err.Error(), "mfa_serial") {
			t.Errorf("got %v", err)
		}
		h.codes(t, 0)
		if h.vault.released != 0 {
			t.Error("a code was released")
		}
	})
}
