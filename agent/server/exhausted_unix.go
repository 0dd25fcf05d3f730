//go:build unix

package server

import (
	"errors"

	"golang.org/x/sys/unix"
)

// exhausted tells whether the process or the system has no descriptor left.
func exhausted(err error) bool {
	return errors.Is(err, unix.EMFILE) || errors.Is(err, unix.ENFILE)
}
