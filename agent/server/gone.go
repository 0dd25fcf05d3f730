package server

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"time"
)

// Gone looks at the socket every so often, and reports true once it is no
// longer at its path: nobody can reach the agent then, which would keep the
// vault from the next one. (The end of a login session takes the folder of
// XDG_RUNTIME_DIR away, and not the processes.) Closing the listener does not
// touch what stands at the path by then. It reports false when ctx ends.
func (l *Listener) Gone(ctx context.Context, every time.Duration) bool {
	ours, err := os.Lstat(l.path)
	there := err == nil
	if there && !sameSocket(l.path, ours) || !there && !errors.Is(err, fs.ErrNotExist) {
		return false // this system does not tell
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for there && sameSocket(l.path, ours) {
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
		}
	}
	if ctx.Err() != nil {
		return false // our own Close removes it, too
	}
	l.SetUnlinkOnClose(false)
	return true
}

// sameSocket is false when path is empty or somebody else's. An inode may be
// used again, hence the time.
func sameSocket(path string, ours fs.FileInfo) bool {
	now, err := os.Lstat(path)
	if err != nil {
		return !errors.Is(err, fs.ErrNotExist)
	}
	return os.SameFile(now, ours) && now.ModTime().Equal(ours.ModTime())
}
