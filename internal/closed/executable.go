package closed

import (
	"os"
	"path/filepath"
	"strings"
)

// Executable is the path of our program, with no links in its folder, also when
// it runs from a copy: then it is what [FromStart] or the caller of [Copy] has
// put into the first argument. Who executes a copy of ours with other words can
// as well put our program beside his own.
func Executable() (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	if strings.HasPrefix(self, copyPrefix) && filepath.IsAbs(os.Args[0]) {
		self = os.Args[0]
	}
	return filepath.EvalSymlinks(self)
}

// copyPrefix is how Linux calls a file that memfd_create(2) made.
const copyPrefix = "/memfd:"
