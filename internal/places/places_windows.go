package places

import "path/filepath"

const noHome = "%LocalAppData% is not set"

// defaultBase is one folder for all: Windows does not part data from state.
func defaultBase(getenv func(string) string, _ string) (string, error) {
	dir := getenv("LocalAppData")
	if !filepath.IsAbs(dir) {
		return "", ErrNoHome
	}
	return dir, nil
}
