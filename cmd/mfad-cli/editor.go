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
	"github.com/mfad/mfad/internal/errcode"
)

// newEditor changes the person's own files, as getenv names them.
func newEditor(getenv func(string) string) (*edit.Editor, error) {
	paths, err := config.DefaultPaths(getenv)
	if err != nil {
		return nil, errcode.Wrap(errcode.NoHome, err)
	}
	program, err := ownPath()
	if err != nil {
		return nil, fmt.Errorf("finding our own path: %w", err)
	}
	return &edit.Editor{Paths: paths, Program: program}, nil
}

// ownPath is the path that config files name us by: that of mfad, which stands
// beside this program and is replaced by it; the one in PATH if that is the
// same, because it outlives an upgrade better than what its links point to.
func ownPath() (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	if real, err := filepath.EvalSymlinks(self); err == nil {
		self = real
	}
	name := "mfad" + filepath.Ext(self) // .exe
	door := filepath.Join(filepath.Dir(self), name)
	if found, err := exec.LookPath(name); err == nil && filepath.IsAbs(found) && sameFile(found, door) {
		return found, nil
	}
	_, err = os.Stat(door)
	return door, err
}

func sameFile(a, b string) bool {
	infoA, errA := os.Stat(a)
	infoB, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(infoA, infoB)
}

// editFiles runs an edit of the person's files, and tells what it did.
func editFiles(ctx context.Context, c *cli, act func(*edit.Editor) ([]edit.Change, error)) error {
	e, err := newEditor(c.getenv)
	if err != nil {
		return err
	}
	changes, err := act(e)
	if err := tellChanges(c.console, changes, err); err != nil {
		return err
	}
	if len(changes) == 0 {
		c.say("mfad: nothing to change")
	}
	warnOfOtherFiles(ctx, c, e.Paths)
	return nil
}

// tellChanges tells what an edit changed, and gives its error, if there is one,
// an exit code and a hint.
func tellChanges(c console, changes []edit.Change, err error) error {
	for _, change := range changes {
		if change.Backup == "" {
			c.say("mfad: wrote %s", change.File)
		} else {
			c.say("mfad: changed %s (as it was: %s)", change.File, change.Backup)
		}
	}
	return adviseOnFiles(err)
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

// adviseOnFiles gives an error of the person's files the advice that the same
// error of the agent has. Conflicts say in their text what to do.
func adviseOnFiles(err error) error {
	advised := func(code errcode.Code) error { return adviceOn(code).on(err) }
	var wrong *config.Error
	switch {
	case errors.Is(err, config.ErrNoProfile):
		return advised(errcode.NoProfile)
	case errors.Is(err, config.ErrBadName):
		return &fault{err, exitUsage, noHint}
	case errors.Is(err, config.ErrBadConfig) && errors.As(err, &wrong) && wrong.Origin == (config.Origin{}):
		return &fault{err, exitUsage, `Run "mfad profile add --help".`}
	case errors.Is(err, config.ErrBadConfig):
		return advised(errcode.BadConfig)
	case errors.Is(err, config.ErrConflict):
		return &fault{withWayOut(err), exitError, noHint}
	case errors.Is(err, os.ErrPermission), errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EIO):
		return advised(errcode.Disk)
	}
	return err
}

// warnOfOtherFiles says so when the agent reads other files than were edited.
func warnOfOtherFiles(ctx context.Context, c *cli, paths config.Paths) {
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
