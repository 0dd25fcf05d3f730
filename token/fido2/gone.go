//go:build cgo && (linux || darwin)

package fido2

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"time"

	libfido2 "github.com/keys-pub/go-libfido2"
)

// lookEvery is how often a key is looked for that is expected to go: nothing
// tells of it on all systems.
const lookEvery = time.Second

// Gone waits until the key that is at path is plugged in no more, or until ctx
// ends, whose cause it returns. It does not open the key.
func Gone(ctx context.Context, path string) error {
	first, _ := os.Stat(path) // without one it is gone
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for here(path, first) {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
	return nil
}

// here tells whether the key at path is the one that was first there: the next
// one may get the same path, but not the same file. On macOS paths are no files,
// and never used again.
func here(path string, first os.FileInfo) bool {
	if filepath.IsAbs(path) {
		now, err := os.Stat(path)
		return err == nil && os.SameFile(first, now)
	}
	found, err := libfido2.DeviceLocations()
	return err == nil && slices.ContainsFunc(found, func(l *libfido2.DeviceLocation) bool { return l.Path == path })
}
