package wire

import (
	"path/filepath"

	"github.com/mfad/mfad/internal/errcode"
)

// defaultBase is one folder for all: Windows does not part data from state.
func defaultBase(getenv func(string) string, _ string) (string, error) {
	dir := getenv("LocalAppData")
	if !filepath.IsAbs(dir) {
		return "", errcode.Errorf(errcode.NoHome, "%%LocalAppData%% is not set")
	}
	return dir, nil
}
