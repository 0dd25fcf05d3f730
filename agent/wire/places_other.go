//go:build !windows

package wire

import (
	"path/filepath"

	"github.com/mfad/mfad/internal/errcode"
)

func defaultBase(getenv func(string) string, underHome string) (string, error) {
	home := getenv("HOME")
	if !filepath.IsAbs(home) {
		return "", errcode.Errorf(errcode.NoHome, "$HOME is not set to a folder")
	}
	return filepath.Join(home, underHome), nil
}
