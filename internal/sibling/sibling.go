// Package sibling finds the other programs of mfad: they are installed side by
// side, and any of them may be called by a link from elsewhere.
package sibling

import (
	"fmt"
	"os/exec"
	"path/filepath"

	"github.com/mfad/mfad/internal/closed"
)

// Find is the path of the program name: beside our own executable, else in
// PATH. The error says where it was looked for and what to do.
func Find(name string) (string, error) {
	beside, where := "", "this program"
	if self, err := closed.Executable(); err == nil {
		beside, where = filepath.Join(filepath.Dir(self), name), self
	}
	if beside != "" {
		if path, err := exec.LookPath(beside); err == nil {
			return path, nil
		}
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("%s is neither beside %s nor in PATH: install it there", name, where)
	}
	return path, nil
}
