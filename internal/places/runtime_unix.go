//go:build unix

package places

import (
	"os"
	"strconv"
	"syscall"
)

// What a runtime folder must allow us, and may not allow others, as chmod(2) and
// access(2) have it.
const (
	enterAndWrite  = 3
	writableByMore = 0o022
)

// unfitHere looks at a folder: where it is missing, another's, or open to others
// (su, sudo, cron, a container, a session that ended), the agent is found at no
// place that all of the user's shells know.
func unfitHere(dir string) string {
	var stat syscall.Stat_t
	if err := syscall.Stat(dir, &stat); err != nil {
		if err == syscall.ENOENT {
			return "does not exist"
		}
		return "cannot be looked at: " + err.Error()
	}
	switch {
	case stat.Mode&syscall.S_IFMT != syscall.S_IFDIR:
		return "is no folder"
	case int(stat.Uid) != os.Getuid():
		return "belongs to uid " + strconv.Itoa(int(stat.Uid))
	case stat.Mode&writableByMore != 0:
		return "can be written by others"
	case syscall.Access(dir, enterAndWrite) != nil:
		return "cannot be written"
	}
	return ""
}
