package token

import (
	"os"
	"os/exec"
	"sync"

	"github.com/mfad/mfad/internal/closed"
)

// program is mfad-token's file. Where it can be, it is executed from a copy that
// nobody may read, so that no process of the user can open its memory before it
// has closed itself (package closed). A program is not changed once it is made.
type program struct {
	path string
	info os.FileInfo // of the file that was copied
	copy *os.File    // nil: the file at path is executed
}

func (p *program) command() *exec.Cmd {
	if p.copy == nil {
		return exec.Command(p.path)
	}
	cmd := exec.Command(closed.Path(p.copy))
	cmd.Args[0] = p.path
	return cmd
}

// lastProgram keeps the copy from one call to the next. Its zero value is ready.
type lastProgram struct {
	mu   sync.Mutex
	last *program
}

// at is the program at path. One that was installed anew is copied anew; the old
// copy goes with the last call that uses it.
func (l *lastProgram) at(path string) *program {
	l.mu.Lock()
	defer l.mu.Unlock()
	info, err := os.Stat(path)
	if err != nil {
		return &program{path: path} // to execute it says what is wrong
	}
	if l.last == nil || l.last.path != path || !unchanged(l.last.info, info) {
		copied, _ := closed.Copy(path) // without a copy the program closes itself, a little later
		l.last = &program{path: path, info: info, copy: copied}
	}
	return l.last
}

// unchanged tells whether two looks saw one file that nobody wrote between them.
func unchanged(before, after os.FileInfo) bool {
	return os.SameFile(before, after) && before.Size() == after.Size() && before.ModTime().Equal(after.ModTime())
}
