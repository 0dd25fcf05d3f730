//go:build unix

package main

import (
	"os"

	"golang.org/x/sys/unix"
)

const canRedirect = true

// redirect makes a file what standard output and standard error write to. Where it
// cannot, they write to the old one.
func redirect(f *os.File) {
	for _, standard := range []int{1, 2} {
		_ = unix.Dup2(int(f.Fd()), standard)
	}
}
