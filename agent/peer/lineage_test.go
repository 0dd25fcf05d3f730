//go:build linux || darwin

package peer

import (
	"errors"
	"testing"
	"time"
)

func TestLineageIsThatOfWhoStartsProcesses(t *testing.T) {
	old := time.Hour
	// 10 is the service manager, 20 a terminal's shell, 30 a program of the desktop.
	all := map[int]process{
		10: {name: "systemd", parent: 1, session: 10, age: old},
		20: {name: "bash", parent: 10, session: 20, tty: "pts/3", age: old},
		21: {name: "mfad", parent: 20, session: 20, tty: "pts/3"},
		22: {name: "mfad", parent: 20, session: 20, tty: "pts/3"},
		23: {name: "mfad", parent: 20, session: 23}, // setsid
		24: {name: "sh", parent: 23, session: 24},   // and again
		25: {name: "zsh", parent: 10, session: 25, tty: "pts/5", age: old},
		30: {name: "code", parent: 10, session: 30, age: old},
		31: {name: "aws", parent: 30, session: 30},
		32: {name: "mfad", parent: 31, session: 32}, // setsid
		40: {name: "mfad", parent: 10, session: 40}, // two forks, and setsid
		41: {name: "mfad", parent: 1, session: 41},
		42: {name: "mfad", parent: 43, session: 42}, // whose parent has ended
		50: {name: "systemd", parent: 20, session: 50, age: old},
		51: {name: "mfad", parent: 50, session: 51}, // of a false manager
	}
	look := func(pid int) (process, error) {
		p, found := all[pid]
		if !found {
			return process{}, errors.New("no such process")
		}
		return p, nil
	}
	for pid, want := range map[int]string{
		21: "session 20", 22: "session 20", 23: "session 20", 24: "session 20", 51: "session 20",
		25: "session 25", 31: "session 30", 32: "session 30",
		40: orphan, 41: orphan, 42: orphan, 99: orphan,
	} {
		if got := lineage(pid, look); got != want {
			t.Errorf("%d is of %q, want %q", pid, got, want)
		}
	}
}
