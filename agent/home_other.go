//go:build !windows

package agent

import (
	"path/filepath"

	"github.com/mfad/mfad/agent/wire"
)

func homeData(getenv func(string) string) (string, error) {
	home := getenv("HOME")
	if !filepath.IsAbs(home) {
		return "", wire.Errorf(wire.ErrNoHome, "$HOME is not set to a folder")
	}
	return filepath.Join(home, ".local", "share", "mfad"), nil
}
