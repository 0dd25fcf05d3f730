package pinentry

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/mfad/mfad/agent/wire"
)

// Variable names a pinentry in the agent's environment.
const Variable = "MFAD_PINENTRY"

// names are the pinentries to look for: pinentry is the one that the system's
// administrator chose.
var names = []string{"pinentry-mac", "pinentry", "pinentry-gnome3", "pinentry-qt", "pinentry-gtk2", "pinentry-gtk-2"}

// Find returns the path of the program that asks: the one that is told, else
// the first in PATH. Without a terminal it must be able to open a window on the
// desktop. The error wraps [ErrNone].
func Find(told string, at wire.Desktop, tty bool) (string, error) {
	if at = trimmed(at); !tty && needsDisplay && at.Display == "" && at.WaylandDisplay == "" {
		return "", fmt.Errorf("%w: the caller has no display (neither DISPLAY nor WAYLAND_DISPLAY)", ErrNone)
	}
	if told != "" {
		path, err := exec.LookPath(told)
		if err != nil {
			return "", fmt.Errorf("%w: %s says %s: %w", ErrNone, Variable, told, err)
		}
		return filepath.Abs(path)
	}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("%w: none of %s is in the agent's PATH: install one, or name it in %s",
		ErrNone, strings.Join(names, ", "), Variable)
}
