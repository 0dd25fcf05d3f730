//go:build !windows

package places

import "path/filepath"

const noHome = "$HOME is not set to a folder"

func defaultBase(getenv func(string) string, underHome string) (string, error) {
	home := getenv("HOME")
	if !filepath.IsAbs(home) {
		return "", ErrNoHome
	}
	return filepath.Join(home, underHome), nil
}
