package main

import (
	"io"
	"log/slog"
	"os"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/durable"
	"github.com/mfad/mfad/internal/logfile"
	"github.com/mfad/mfad/internal/places"
)

func logger(level slog.Level) *slog.Logger {
	return slog.New(slog.NewTextHandler(output(), &slog.HandlerOptions{Level: level}))
}

// output is standard error. Where that is the log which a client opens, it is bounded
// from here on, and what the runtime and other programs write there follows it. A
// journal or a terminal is its owner's to bound.
func output() io.Writer {
	path, err := wire.LogPath(os.Getenv)
	if err != nil || !isStderr(path) {
		return os.Stderr
	}
	return fallback{logfile.New(logfile.Options{FS: durable.OS, Path: path, Limit: places.MaxLog, Opened: func(f durable.File) {
		if f, ok := f.(*os.File); ok {
			redirect(f)
		}
	}})}
}

// isStderr tells whether standard error is the file of that name, and can follow it.
func isStderr(path string) bool {
	named, err := os.Lstat(path)
	if err != nil || !canRedirect {
		return false
	}
	open, err := os.Stderr.Stat()
	return err == nil && os.SameFile(named, open)
}

// fallback writes to standard error what the file does not take.
type fallback struct{ file io.Writer }

func (w fallback) Write(line []byte) (int, error) {
	if _, err := w.file.Write(line); err != nil {
		return os.Stderr.Write(line)
	}
	return len(line), nil
}
