//go:build unix

package token_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mfad/mfad/internal/human"
	"github.com/mfad/mfad/token"
	"github.com/mfad/mfad/token/persontest"
)

// silent is a person who does not answer until the context ends.
func silent() *persontest.Person {
	return &persontest.Person{Secret: func(ctx context.Context, _ human.Question) (string, error) {
		<-ctx.Done()
		return "", ctx.Err()
	}}
}

// heard are the waits that a person was told of.
func heard(p *persontest.Person) (what []string) {
	for _, w := range p.Waits {
		what = append(what, w.For)
	}
	return what
}

// brief is time enough for a program that works, on a busy machine, and too
// little for one that hangs.
const brief = 3 * time.Second

func codeOf(t *testing.T, h *token.Helper, p token.Person) (token.OATHCode, error) {
	t.Helper()
	return h.OATHCode(t.Context(), token.OATHCodeParams{Name: "work"}, p)
}

func TestHelperAnswers(t *testing.T) {
	got, err := codeOf(t, helper(t, "good"), nil)
	want := token.OATHCode{Digits: "123456", Token: token.Token{Model: "test", Place: "here"}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
}

func TestProgramThatMisbehavesIsATypedError(t *testing.T) {
	tests := []struct {
		kind string
		is   error
		says string
	}{
		{"exits", token.ErrHelper, "exit status 3): the \ufffd[31mlast words"},
		{"exits at once", token.ErrHelper, "exit status 4"},
		{"misses pcsc", token.ErrNoHelper, "libpcsclite.so.1: apt install libpcsclite1"},
		{"misses fido2", token.ErrNoHelper, "libfido2.so.1: apt install libfido2-1"},
		{"misses something", token.ErrNoHelper, "it needs libodd.so.1"},
		{"has no cgo", token.ErrNoHelper, "without cgo"},
		{"crashes", token.ErrHelper, "ended before it answered"},
		{"is killed", token.ErrHelper, "signal: killed"},
		{"hangs", token.ErrHelper, "nothing came from it for 3s"},
		{"never reads", token.ErrHelper, "nothing came from it for 3s"},
		{"hangs while it waits", token.ErrHelper, "nothing came from it for 3.1s"},
		{"hangs before a token", token.ErrHelper, "nothing came from it for 1.2s"},
		{"ends its input", token.ErrHelper, "mfad-token failed"},
		{"ends its output", token.ErrHelper, "ended before it answered"},
		{"talks without end", token.ErrHelper, "messages without end"},
		{"drips", token.ErrHelper, "nothing came from it for 3.1s"},
		{"answers garbage", token.ErrHelper, "no message"},
		{"answers zeros", token.ErrHelper, "no message"},
		{"answers deep", token.ErrHelper, "no message"},
		{"answers nothing", token.ErrHelper, "without a result"},
		{"answers null", token.ErrHelper, "its answer to oath.code is none"},
		{"answers a list", token.ErrHelper, "its answer to oath.code is none"},
		{"answers no code", token.ErrHelper, "its answer to oath.code is none"},
		{"answers another", token.ErrHelper, "a call that was not made"},
		{"answers an odd error", token.ErrHelper, "mfad-token failed: un\ufffd[31m; known"},
		{"asks twice", token.ErrHelper, "while the person was being asked"},
		{"asks what is not", token.ErrHelper, "a call that is not known"},
		{"asks nothing", token.ErrHelper, "a question that is none"},
		{"asks for a code", token.ErrHelper, "a question that is none"},
		{"tells what is not", token.ErrHelper, "a notification that is not known"},
		{"awaits what is not", token.ErrHelper, "something unknown"},
		{"awaits nonsense", token.ErrHelper, "a notification that is none"},
		{"ends in half a line", token.ErrHelper, "ended before it answered (exit status 0)"},
		{"writes without end", token.ErrHelper, "more than 1048576 bytes"},
		{"complains without end", token.ErrHelper, "nothing came from it"},
	}
	for _, test := range tests {
		t.Run(test.kind, func(t *testing.T) {
			t.Parallel()
			h := helper(t, test.kind)
			h.Hurry(time.Minute, time.Minute, time.Minute, time.Minute, brief)
			if strings.Contains(test.says, "nothing came") || test.kind == "ends its input" {
				h.Hurry(brief, 3100*time.Millisecond, 200*time.Millisecond, time.Minute, brief)
			}
			p := silent()
			params := token.OATHCodeParams{Name: "work", Ref: token.Ref{Wait: 1}}
			got, err := h.OATHCode(t.Context(), params, p)
			if !errors.Is(err, test.is) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v, want %q", err, test.says)
			}
			if strings.ContainsAny(fmt.Sprint(err), "\n\x1b") || strings.Contains(fmt.Sprint(err), "secrets") {
				t.Errorf("shows too much: %q", err)
			}
			if got.Digits != "" && !strings.Contains(test.says, "is none") {
				t.Errorf("got %v with the error", got)
			}
			p.Closed(t)
		})
	}
}

func TestProgramThatTalksForEverIsEnded(t *testing.T) {
	h := helper(t, "asks and waits")
	h.Hurry(time.Minute, time.Minute, time.Minute, brief, 0)
	p := silent()
	_, err := codeOf(t, h, p)
	if !errors.Is(err, token.ErrHelper) || !strings.Contains(err.Error(), "did not end within 3s") {
		t.Errorf("got %v", err)
	}
	p.Closed(t)
}

func TestProgramThatIsMissingSaysWhatToInstall(t *testing.T) {
	h := &token.Helper{Program: filepath.Join(t.TempDir(), "mfad-token")}
	if _, err := codeOf(t, h, nil); !errors.Is(err, token.ErrNoHelper) ||
		!strings.Contains(err.Error(), "install mfad-token beside mfad-agent") {
		t.Errorf("as told: %v", err)
	}
	t.Setenv("PATH", t.TempDir())
	if _, err := codeOf(t, new(token.Helper), nil); !errors.Is(err, token.ErrNoHelper) || !strings.Contains(err.Error(), "neither beside") {
		t.Errorf("by itself: %v", err)
	}
	if err := os.WriteFile(h.Program, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := codeOf(t, h, nil); !errors.Is(err, token.ErrNoHelper) {
		t.Errorf("what cannot be executed: %v", err)
	}
}

func TestProgramIsFoundInPath(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Symlink(self, filepath.Join(dir, "mfad-token")); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	h := &token.Helper{Env: []string{programVariable + "=good"}}
	if _, err := codeOf(t, h, nil); err != nil {
		t.Error(err)
	}
}

func TestProgramSeesOnlyWhatItNeeds(t *testing.T) {
	kept := []string{"PATH=/bin", "HOME=/h", "LANG=C", "LC_ALL=C", "PCSCLITE_CSOCK_NAME=/s", "MFAD_FIDO2_DEVICES=/dev/x", "XDG_RUNTIME_DIR=/r"}
	dropped := []string{
		"LD_PRELOAD=/evil.so", "AWS_SECRET_ACCESS_KEY=s", "MFAD_SOCKET=/s", "GODEBUG=x=1", "DBUS_SESSION_BUS_ADDRESS=x", "PATHS=x",
	}
	if got := token.Scrub(slices.Concat(dropped, kept)); !slices.Equal(got, kept) {
		t.Errorf("passes %q", got)
	}
	r, err := helper(t, "tells its environment", "A=b").List(t.Context(), token.ListParams{})
	if want := []string{"A=b", programVariable + "=tells its environment"}; err != nil || !slices.Equal(r.Faults[:2], want) ||
		len(r.Faults) != 3 {
		t.Errorf("got %q, %v", r.Faults, err)
	}
}

func TestErrorsOfTheProgramKeepTheirKind(t *testing.T) {
	_, err := codeOf(t, helper(t, "guards"), nil)
	pin, ok := errors.AsType[*token.PINError](err)
	if !errors.Is(err, token.ErrPIN) || !ok || pin.Retries != 2 || err.Error() != "opening: wrong PIN" {
		t.Errorf("got %#v", err)
	}
}

func TestPersonAnswersTheProgram(t *testing.T) {
	p := persontest.Typing(token.PIVPIN, "123456")
	if _, err := codeOf(t, helper(t, "asks"), p); err != nil {
		t.Error(err)
	}
	want := []human.Question{token.Want{What: token.PIVPIN, Token: token.Token{Model: "test"}, Retries: 3}.Secret()}
	if diff := cmp.Diff(want, p.Secrets); diff != "" {
		t.Error(diff)
	}
	p.Closed(t)
}

func TestRefusalOfThePersonComesBackAsItWas(t *testing.T) {
	no := errors.New("no terminal")
	p := &persontest.Person{Secret: func(context.Context, human.Question) (string, error) { return "", no }}
	if _, err := codeOf(t, helper(t, "asks"), p); !errors.Is(err, no) {
		t.Errorf("got %v", err)
	}
	if _, err := codeOf(t, helper(t, "asks"), nil); !errors.Is(err, human.ErrDismissed) {
		t.Errorf("without a person: %v", err)
	}
}

func TestEveryNoticeIsWithdrawn(t *testing.T) {
	p := new(persontest.Person)
	if _, err := codeOf(t, helper(t, "waits for a touch"), p); err != nil {
		t.Error(err)
	}
	if want := []string{token.AwaitTouch, token.AwaitInsert}; !slices.Equal(heard(p), want) {
		t.Errorf("heard %q", heard(p))
	}
	p.Closed(t)
}

func TestCallEndsWithItsContext(t *testing.T) {
	gone := errors.New("the caller has gone")
	for _, kind := range []string{"asks and waits", "asks"} {
		t.Run(kind, func(t *testing.T) {
			h := helper(t, kind)
			h.Hurry(time.Minute, brief, time.Minute, time.Minute, brief)
			ctx, cancel := context.WithCancelCause(t.Context())
			p := silent()
			p.OnAsk = func(human.Question) { cancel(gone) }
			if _, err := h.OATHCode(ctx, token.OATHCodeParams{}, p); !errors.Is(err, gone) {
				t.Errorf("got %v", err)
			}
			p.Closed(t)
			if _, err := h.OATHCode(ctx, token.OATHCodeParams{}, p); !errors.Is(err, gone) {
				t.Errorf("afterwards: %v", err)
			}
		})
	}
}

func TestRequestThatIsTooLongIsRefused(t *testing.T) {
	_, err := helper(t, "good").OATHCode(t.Context(), token.OATHCodeParams{Name: strings.Repeat("x", 1<<20)}, nil)
	if !errors.Is(err, token.ErrInvalid) {
		t.Errorf("got %v", err)
	}
}

// A watch is silent for as long as it takes, and keeps nobody waiting.
func TestWatchHasAllTheTime(t *testing.T) {
	h := helper(t, "sees it go")
	h.Hurry(1, 1, 1, 1, brief)
	if err := h.Watch(t.Context(), token.WatchParams{}); err != nil {
		t.Error(err)
	}
	h = helper(t, "hangs")
	h.Hurry(1, 1, 1, 1, 0)
	left := errors.New("the agent locks")
	ctx, leave := context.WithCancelCause(t.Context())
	done := make(chan error, 2)
	for range cap(done) {
		go func() { done <- h.Watch(ctx, token.WatchParams{}) }()
	}
	leave(left)
	for range cap(done) {
		if err := <-done; !errors.Is(err, left) {
			t.Errorf("got %v", err)
		}
	}
	h = helper(t, "crashes")
	if err := h.Watch(t.Context(), token.WatchParams{}); !errors.Is(err, token.ErrHelper) {
		t.Errorf("got %v", err)
	}
}

// A token blinks on when nobody wants its touch any more: the caller has gone at
// once, and who comes next for any token waits until it is over.
func TestTokenThatBlinksOnKeepsOthersWaiting(t *testing.T) {
	for _, ref := range []token.Ref{{Serials: []string{"1"}}, {}} {
		h := helper(t, "blinks on", "MFAD_TEST_FILE="+filepath.Join(t.TempDir(), "left"))
		gone := errors.New("the caller has gone")
		ctx, leave := context.WithCancelCause(t.Context())
		p := &persontest.Person{OnAwait: func(token.Waiting) { leave(gone) }}
		if _, err := h.OATHCode(ctx, token.OATHCodeParams{Ref: token.Ref{Serials: []string{"1"}}}, p); !errors.Is(err, gone) {
			t.Fatalf("got %v", err)
		}
		p.Closed(t)
		if _, err := h.OATHCode(t.Context(), token.OATHCodeParams{Ref: ref}, p); err != nil {
			t.Errorf("the next, for %q: %v", ref.Serials, err)
		}
	}
}

func TestPersonHearsThatAnotherCallHasTheToken(t *testing.T) {
	h := helper(t, "waits for its end")
	ref := token.Ref{Serials: []string{"1"}}
	first, end := context.WithCancel(t.Context())
	begun, done := make(chan struct{}), make(chan error)
	go func() {
		p := &persontest.Person{OnAwait: func(token.Waiting) { close(begun) }}
		_, err := h.OATHCode(first, token.OATHCodeParams{Ref: ref}, p)
		done <- err
	}()
	<-begun
	p := new(persontest.Person)
	second, leave := context.WithCancel(t.Context())
	p.OnAwait = func(token.Waiting) { leave() } // told: it has seen enough
	if _, err := h.OATHCode(second, token.OATHCodeParams{Ref: ref}, p); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if !slices.Equal(heard(p), []string{token.AwaitTurn}) {
		t.Errorf("heard %q", heard(p))
	}
	p.Closed(t)
	end()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("the first: %v", err)
	}
}
