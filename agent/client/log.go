package client

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/mfad/mfad/internal/durable"
	"github.com/mfad/mfad/internal/places"
)

// openLog opens the file that an agent's output goes to; where nothing can be
// written there is none, and the agent, which tells of that, starts all the same.
// It is called under the start lock, when no agent writes. The agent bounds the file
// while it runs.
func openLog(name string) (*os.File, error) {
	if name != "" {
		f, err := openLogFile(name)
		if !durable.CannotWrite(err) {
			return f, err
		}
	}
	return os.OpenFile(os.DevNull, os.O_WRONLY, 0)
}

func openLogFile(name string) (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return nil, fmt.Errorf("making the log's folder: %w", err)
	}
	info, err := os.Stat(name)
	if err == nil && info.Size() > places.MaxLog {
		err = os.Rename(name, name+".1")
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("beginning a new log: %w", err)
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the log: %w", err)
	}
	return f, nil
}
