// Package tty opens the terminal of the session for writing, whatever the
// standard streams are: for what only the person may see, such as a recovery
// key, and for what only the terminal can do.
//
// It asks nothing and reads nothing: questions are package prompt's.
package tty

import (
	"io"
	"os"
)

// Open opens the terminal. It fails where the session has none. The caller
// closes it.
func Open() (io.WriteCloser, error) { return os.OpenFile(device, os.O_WRONLY, 0) }
