//go:build !windows

package wire

import "path/filepath"

func defaultBase(getenv func(string) string, underHome string) (string, error) {
	home := getenv("HOME")
	if !filepath.IsAbs(home) {
		return "", Errorf(ErrNoHome, "$HOME is not set to a folder")
	}
	return filepath.Join(home, underHome), nil
}
