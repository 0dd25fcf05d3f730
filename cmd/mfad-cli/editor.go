package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/credproc/config"
	"github.com/mfad/mfad/credproc/config/edit"
)

// editor changes the person's own files, as this shell's environment names them.
func (c *cli) editor() (*edit.Editor, error) {
	paths, err := config.DefaultPaths(c.getenv)
	if err != nil {
		return nil, wire.Wrap(wire.ErrNoHome, err)
	}
	program, err := ownPath()
	if err != nil {
		return nil, fmt.Errorf("finding our own path: %w", err)
	}
	return &edit.Editor{Paths: paths, Program: program}, nil
}

// ownPath is the path that config files name us by: the one in PATH if that is
// us, because it outlives an upgrade better than what its links point to.
func ownPath() (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	if found, err := exec.LookPath(filepath.Base(self)); err == nil && filepath.IsAbs(found) && sameFile(found, self) {
		return found, nil
	}
	return self, nil
}

func sameFile(a, b string) bool {
	infoA, errA := os.Stat(a)
	infoB, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(infoA, infoB)
}

// edited tells what an edit changed, or gives its error an exit code and a hint.
func (c *cli) edited(changes []edit.Change, err error) error {
	for _, change := range changes {
		if change.Backup == "" {
			c.say("mfad: wrote %s", change.File)
		} else {
			c.say("mfad: changed %s (as it was: %s)", change.File, change.Backup)
		}
	}
	return judgedConfig(err)
}

// waysOut say for what an edit does not touch which verb helps.
var waysOut = []struct {
	is    error
	words string
}{
	{edit.ErrTaken, "`mfad profile adopt " + placeholder + "` moves it, or choose another name"},
	{edit.ErrKeys, "`mfad key import --from-profile " + placeholder + "` moves them into the vault"},
	{edit.ErrExists, "`mfad profile remove " + placeholder + "` takes it away"},
	{edit.ErrAdopted, "`mfad profile release " + placeholder + "` puts it back as it was"},
	{edit.ErrNotAdopted, "`mfad profile remove " + placeholder + "` takes it away"},
	{edit.ErrNothingToAdopt, "`mfad profile add " + placeholder + "` makes it one of mfad's"},
}

// withWayOut adds to a conflict which verb helps.
func withWayOut(err error) error {
	var conflict *edit.Conflict
	if errors.As(err, &conflict) {
		for _, way := range waysOut {
			if errors.Is(err, way.is) {
				return fmt.Errorf("%w; %s", err, strings.ReplaceAll(way.words, placeholder, conflict.Profile))
			}
		}
	}
	return err
}

// judgedConfig gives an error of the person's files the advice that the same
// error of the agent has. Conflicts say in their text what to do.
func judgedConfig(err error) error {
	advised := func(code int64) error { return &fault{err, adviceOn(code).exit, adviceOn(code).hint} }
	var wrong *config.Error
	switch {
	case errors.Is(err, config.ErrNoProfile):
		return advised(wire.CodeNoProfile)
	case errors.Is(err, config.ErrBadName):
		return &fault{err, exitUsage, noHint}
	case errors.Is(err, config.ErrBadConfig) && errors.As(err, &wrong) && wrong.Origin == (config.Origin{}):
		return &fault{err, exitUsage, `Run "mfad profile add --help".`}
	case errors.Is(err, config.ErrBadConfig):
		return advised(wire.CodeBadConfig)
	case errors.Is(err, config.ErrConflict):
		return &fault{withWayOut(err), exitError, noHint}
	case errors.Is(err, os.ErrPermission), errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EIO):
		return advised(wire.CodeDisk)
	}
	return err
}

// warnOfOtherFiles says so when the agent reads other files than were edited.
func (c *cli) warnOfOtherFiles(ctx context.Context, paths config.Paths) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	var s wire.Status
	err := c.callRunning(ctx, wire.MethodStatus, nil, &s)
	switch {
	case errors.Is(err, errNotRunning) && (c.getenv("AWS_CONFIG_FILE") != "" || c.getenv("AWS_SHARED_CREDENTIALS_FILE") != ""):
		c.say("mfad: an agent that is started on demand does not see this shell's AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE")
		c.hint(`Run "mfad agent start" in this shell.`)
	case err == nil:
		for _, file := range []string{paths.Mfad, paths.Config} {
			if !slices.Contains(s.ConfigFiles, file) {
				c.say("mfad: the agent that runs does not read %s", file)
				c.hint(`Run "mfad agent restart" in this shell.`)
				return
			}
		}
	}
}
