package socket

import "syscall"

// maxPath is sizeof(sun_path) less its final zero.
const maxPath = 107

// Peer asks the kernel who made the connection that fd is the other end of:
// the user and the process, as they were then.
func Peer(fd int) (uid, pid int, err error) {
	cred, err := syscall.GetsockoptUcred(fd, syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	if err != nil {
		return 0, 0, err
	}
	return int(cred.Uid), int(cred.Pid), nil
}
