//go:build unix

package peer

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

func checkOwner(what, path string, info fs.FileInfo) error {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return fmt.Errorf("%s %s: the system does not tell its owner", what, path)
	}
	if uid := int(stat.Uid); uid != os.Getuid() {
		return fmt.Errorf("%s %s is owned by uid %d, and we are uid %d: set MFAD_SOCKET to a path in a folder of your own", what, path, uid, os.Getuid())
	}
	return nil
}

func checkMode(dir string, info fs.FileInfo) error {
	if perm := info.Mode().Perm(); perm&0o077 != 0 {
		return fmt.Errorf("the socket's folder %s is open to others (mode %04o): run chmod 700 %s, or set MFAD_SOCKET", dir, perm, dir)
	}
	return nil
}

func isSocket(info fs.FileInfo) bool { return info.Mode()&fs.ModeSocket != 0 }
