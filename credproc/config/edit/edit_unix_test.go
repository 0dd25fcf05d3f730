//go:build unix

package edit

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/mfad/mfad/credproc/config"
)

// An edit that opened a pipe would wait for ever, deaf to an interrupt.
func TestEditRefusesWhatIsNoFile(t *testing.T) {
	e := editing(t, "", "", "")
	for _, name := range []string{e.Paths.Config, e.Paths.Credentials} {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Mkfifo(name, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := e.Add(t.Context(), NewProfile{Name: "prod", Settings: []Setting{{config.KeyAccessKey, "base"}}})
		if !errors.Is(err, config.ErrBadConfig) || !strings.Contains(err.Error(), "not a regular file") {
			t.Errorf("with a pipe at %s: %v", name, err)
		}
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
}
