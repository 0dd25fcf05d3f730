package agent

import (
	"path/filepath"

	"github.com/mfad/mfad/agent/wire"
)

func homeData(getenv func(string) string) (string, error) {
	dir := getenv("LocalAppData")
	if !filepath.IsAbs(dir) {
		return "", wire.Errorf(wire.ErrNoHome, "%%LocalAppData%% is not set")
	}
	return filepath.Join(dir, "mfad"), nil
}
