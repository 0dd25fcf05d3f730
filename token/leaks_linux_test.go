package token_test

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mfad/mfad/token"
)

// descriptors is how many files this process has open.
func descriptors(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

// settles waits until f is at most n: a goroutine that has done all it does may
// be counted for a moment yet.
func settles(t *testing.T, what string, n int, f func() int) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for range 1000 {
		if f() <= n {
			return
		}
		<-tick.C
	}
	t.Errorf("%d %s, and %d before", f(), what, n)
}

func TestCallsLeaveNothingBehind(t *testing.T) {
	kinds := []string{
		"good", "exits", "crashes", "hangs", "answers garbage", "asks after the end", "asks twice", "leaves children",
		"ends its input", "waits for a touch",
	}
	helpers := make([]*token.Helper, len(kinds))
	for i, kind := range kinds {
		helpers[i] = helper(t, kind)
		helpers[i].Hurry(20*time.Millisecond, time.Minute, time.Minute, time.Minute, 20*time.Millisecond)
	}
	p := silent()
	for _, h := range helpers { // the first ones open what stays, of the runtime
		_, _ = codeOf(t, h, p)
	}
	files, goroutines := descriptors(t), runtime.NumGoroutine()
	for n := range 200 {
		_, _ = codeOf(t, helpers[n%len(helpers)], p)
	}
	p.Closed(t)
	settles(t, "goroutines", goroutines, runtime.NumGoroutine)
	settles(t, "files", files, func() int { return descriptors(t) })
	if pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); !errors.Is(err, syscall.ECHILD) {
		t.Errorf("child %d is left, %v", pid, err)
	}
}

func TestGroupOfTheProgramEndsWithIt(t *testing.T) {
	h := helper(t, "leaves children")
	h.Hurry(time.Minute, time.Minute, time.Minute, time.Minute, brief)
	if _, err := codeOf(t, h, nil); err != nil {
		t.Fatal(err)
	}
	// Nobody but the group's members can have this test in their environment.
	settles(t, "sleepers", 0, func() int {
		entries, err := os.ReadDir("/proc")
		if err != nil {
			t.Fatal(err)
		}
		found := 0
		for _, e := range entries {
			environ, err := os.ReadFile("/proc/" + e.Name() + "/environ")
			if err == nil && strings.Contains(string(environ), fmt.Sprintf("%s=leaves children", programVariable)) {
				found++
			}
		}
		return found
	})
}
