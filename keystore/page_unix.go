//go:build unix

package keystore

import (
	"os"

	"golang.org/x/sys/unix"
)

// newPage returns zeroed memory for n bytes, in whole pages of its own. That it
// cannot be locked (RLIMIT_MEMLOCK) or mapped is no reason to fail: the secret
// is then as safe as any other memory of the process.
func newPage(n int) []byte {
	if n == 0 {
		return nil
	}
	size := os.Getpagesize()
	page, err := unix.Mmap(-1, 0, (n+size-1)/size*size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return make([]byte, n)
	}
	_ = unix.Mlock(page)
	shield(page)
	return page
}

// freePage unmaps what newPage mapped; Munmap refuses other slices, which the
// garbage collector owns.
func freePage(page []byte) {
	if page != nil {
		_ = unix.Munmap(page)
	}
}
