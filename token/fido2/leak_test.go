//go:build cgo && linux

package fido2

import (
	"os"
	"runtime"
	"testing"

	"github.com/mfad/mfad/token/tokentest/ctap"
)

func descriptors(t *testing.T) int {
	t.Helper()
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}

func TestPluggingInAndOutLeavesNothingBehind(t *testing.T) {
	k := newKey(t, ctap.Options{PIN: pin})
	i := enrol(t, k, true)
	stanzas := wrapFor(t, i)
	cycle := func() {
		if err := k.Replug(); err != nil {
			t.Fatal(err)
		}
		if _, _, err := (Keys{devices(t, k), typing(t, pin)}).Unwrap(t.Context(), i, stanzas); err != nil {
			t.Fatal(err)
		}
		k.Unplug()
	}
	cycle()
	files, routines := descriptors(t), runtime.NumGoroutine()
	for range 200 {
		cycle()
	}
	if got := descriptors(t); got > files {
		t.Errorf("%d descriptors, %d before", got, files)
	}
	if got := runtime.NumGoroutine(); got > routines+2 { // the last calls may be ending
		t.Errorf("%d goroutines, %d before", got, routines)
	}
}
