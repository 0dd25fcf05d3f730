//go:build unix

package socket

import (
	"errors"
	"io/fs"
	"os"
	"strconv"
	"syscall"
)

func checkOwner(what, path string, info fs.FileInfo) error {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return errors.New(what + " " + path + ": the system does not tell its owner")
	}
	if uid, ours := int(stat.Uid), os.Getuid(); uid != ours {
		return errors.New(what + " " + path + " is owned by uid " + strconv.Itoa(uid) + ", and we are uid " + strconv.Itoa(ours) +
			": set MFAD_SOCKET to a path in a folder of your own")
	}
	return nil
}

func checkMode(dir string, info fs.FileInfo) error {
	perm := info.Mode().Perm()
	if perm&0o077 == 0 {
		return nil
	}
	const width = 4 // at most 777, and a zero before it says that it is octal
	octal := strconv.FormatUint(uint64(perm), 8)
	for len(octal) < width {
		octal = "0" + octal
	}
	return errors.New("the socket's folder " + dir + " is open to others (mode " + octal + "): run chmod 700 " + dir + ", or set MFAD_SOCKET")
}

func isSocket(info fs.FileInfo) bool { return info.Mode()&fs.ModeSocket != 0 }
