package keystore

import "golang.org/x/sys/unix"

// shield keeps a page out of core dumps and gives forked children zeros.
func shield(page []byte) {
	_ = unix.Madvise(page, unix.MADV_DONTDUMP)
	_ = unix.Madvise(page, unix.MADV_WIPEONFORK)
}
