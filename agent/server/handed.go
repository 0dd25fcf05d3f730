package server

import (
	"os"
	"strconv"

	"github.com/mfad/mfad/agent/wire"
)

// Handed are the descriptors that whoever started this process has handed to it
// on purpose: the pipe for [Ready], and a service manager's sockets
// (sd_listen_fds(3)). Ready and Listen take them over.
func Handed() (fds []int) {
	if fd, err := strconv.Atoi(os.Getenv(wire.ReadyVariable)); err == nil {
		fds = append(fds, fd)
	}
	if pid, err := strconv.Atoi(os.Getenv("LISTEN_PID")); err != nil || pid != os.Getpid() {
		return fds
	}
	sockets, err := strconv.Atoi(os.Getenv("LISTEN_FDS"))
	if err != nil {
		return fds
	}
	for i := range min(sockets, 64) {
		fds = append(fds, firstSocket+i)
	}
	return fds
}

// firstSocket is SD_LISTEN_FDS_START.
const firstSocket = 3
