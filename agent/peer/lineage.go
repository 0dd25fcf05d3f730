//go:build linux || darwin

package peer

import (
	"strconv"
	"time"
)

// process is what the kernel tells of a process.
type process struct {
	name    string // which the process itself can change
	parent  int
	session int
	tty     string        // the controlling terminal, such as "pts/3"; empty: none
	age     time.Duration // since it was started
}

const (
	// maxLineage bounds the walk up; deeper chains are told apart by their upper end.
	maxLineage = 32
	// newcomer is for how long a session that hangs on nothing is not told from
	// others of its kind: any process can begin one at any time.
	newcomer = 5 * time.Minute
)

// Orphan is the lineage of all new sessions that hang on no other process.
const orphan = "orphan"

// lineage names what a process belongs to, in a way that it cannot change by
// starting others in its place: the session of the terminal it runs on, or that
// its ancestors run on. Where there is no terminal, it is the uppermost session
// below the service manager or pid 1.
func lineage(pid int, look func(pid int) (process, error)) string {
	p, err := look(pid)
	if err != nil {
		return orphan
	}
	for range maxLineage {
		if p.tty != "" {
			return session(p)
		}
		above, err := look(p.parent)
		if p.parent <= 1 || err != nil || manager(above) {
			break
		}
		p = above
	}
	if p.age < newcomer {
		return orphan
	}
	return session(p)
}

func session(p process) string { return "session " + strconv.Itoa(p.session) }

// manager says that a process starts what belongs together by nothing else: its
// parent is pid 1, and it is the user's service manager. Who takes that name gives
// its children no lineage, with which they share one bound.
func manager(p process) bool { return p.parent <= 1 && p.name == "systemd" }
