//go:build cgo && linux

package fido2

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"
)

func TestGoneWaitsUntilTheKeyIsNotThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		node := filepath.Join(t.TempDir(), "hidraw0")
		if err := os.WriteFile(node, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		left := errors.New("the agent went")
		ctx, leave := context.WithCancelCause(t.Context())
		ended, gone := make(chan error), make(chan error)
		go func() { ended <- Gone(ctx, node) }()
		go func() { gone <- Gone(t.Context(), node) }()
		time.Sleep(time.Hour)
		leave(left)
		if err := <-ended; !errors.Is(err, left) {
			t.Errorf("got %v while the key is there", err)
		}
		if err := os.Remove(node); err != nil {
			t.Fatal(err)
		}
		if err := <-gone; err != nil {
			t.Error(err)
		}
		if err := Gone(t.Context(), node); err != nil {
			t.Errorf("without a key: %v", err)
		}
	})
}

// The next key may get the path of the last one.
func TestAnotherKeyAtThePathIsNotTheKey(t *testing.T) {
	node := filepath.Join(t.TempDir(), "hidraw0")
	if err := os.WriteFile(node, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	first, err := os.Stat(node)
	if err != nil || !here(node, first) {
		t.Fatalf("the key is not there: %v", err)
	}
	if err := errors.Join(os.Link(node, node+".old"), os.Remove(node), os.WriteFile(node, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	if here(node, first) {
		t.Error("another key is taken for the first")
	}
}

// What libfido2 finds on macOS has no file.
func TestPathsOfMacOSAreBelieved(t *testing.T) {
	for path, want := range map[string]bool{
		"ioreg://4294970000": true, "/dev/null": true, "/dev/hidraw-none": false, "": false,
	} {
		if there(path) != want {
			t.Errorf("%q: got %v", path, !want)
		}
	}
}
