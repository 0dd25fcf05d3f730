package socket

import "golang.org/x/sys/unix"

// maxPath is sizeof(sun_path) less its final zero.
const maxPath = 103

// Peer asks the kernel who made the connection that fd is the other end of:
// the user and the process, as they were then.
func Peer(fd int) (uid, pid int, err error) {
	cred, err := unix.GetsockoptXucred(fd, unix.SOL_LOCAL, unix.LOCAL_PEERCRED)
	if err != nil {
		return 0, 0, err
	}
	pid, err = unix.GetsockoptInt(fd, unix.SOL_LOCAL, unix.LOCAL_PEERPID)
	return int(cred.Uid), pid, err
}
