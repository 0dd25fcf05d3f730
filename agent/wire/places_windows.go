package wire

import "path/filepath"

func homeState(getenv func(string) string) (string, error) {
	dir := getenv("LocalAppData")
	if !filepath.IsAbs(dir) {
		return "", Errorf(ErrNoHome, "%%LocalAppData%% is not set")
	}
	return filepath.Join(dir, "mfad"), nil
}
