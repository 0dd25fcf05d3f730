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
// beside this program and is replaced by it. A link to it is better, because it
// outlives an upgrade better than what it points to: the one by which we were
// called, or the one in PATH.
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
	inPath, _ := exec.LookPath(name)
	for _, path := range []string{os.Args[0], inPath} {
		if filepath.IsAbs(path) && filepath.Base(path) == name && sameFile(path, door) {
			return filepath.Clean(path), nil
		}
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

// editBoth runs an edit of both halves of profiles. It refuses files that the agent
// does not read: one half would stay behind there.
func editBoth(ctx context.Context, c *cli, act func(*edit.Editor) ([]edit.Change, error)) error {
	return editFiles(ctx, c, func(e *edit.Editor) ([]edit.Change, error) {
		if err := refuseOtherFiles(ctx, c, e.Paths); err != nil {
			return nil, err
		}
		return act(e)
	})
}

// tellChanges tells what an edit changed, and gives its error, if there is one,
// an exit code and a hint.
func tellChanges(c console, changes []edit.Change, err error) error {
	for _, change := range changes {
		if change.Original != "" {
			c.say("mfad: kept %s as it is, once and for all, in %s", change.File, change.Original)
		}
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
	case errors.Is(err, config.ErrBadConfig) && errcode.Told(err)["profile"] == "":
		return &fault{err, exitUsage, `Correct that line, then run the same again.`}
	case errors.Is(err, config.ErrBadConfig):
		return advised(errcode.BadConfig)
	case errors.Is(err, config.ErrConflict):
		return &fault{withWayOut(err), exitError, noHint}
	case errors.Is(err, os.ErrPermission), errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EIO):
		return advised(errcode.Disk)
	}
	return err
}

// otherFiles is why the agent reads other files than these; nil when it reads them,
// or when there is no telling. The agent of later is one that is started on demand.
func otherFiles(ctx context.Context, c *cli, paths config.Paths) error {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	var s wire.Status
	err := c.callRunning(ctx, wire.MethodStatus, nil, &s)
	switch {
	case errors.Is(err, errNotRunning) && (c.getenv("AWS_CONFIG_FILE") != "" || c.getenv("AWS_SHARED_CREDENTIALS_FILE") != ""):
		return usagef(`Run "mfad agent start" in this shell.`, "an agent that is started on demand does not see this shell's "+
			"AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE")
	case err == nil:
		for _, file := range []string{paths.Mfad, paths.Config} {
			if !slices.Contains(s.ConfigFiles, file) {
				return usagef(`Run "mfad agent restart" in this shell.`, "the agent that runs does not read %s", file)
			}
		}
	}
	return nil
}

// refuseOtherFiles refuses an edit that would leave one half of a profile in a file
// that the agent does not read.
func refuseOtherFiles(ctx context.Context, c *cli, paths config.Paths) error {
	if why := otherFiles(ctx, c, paths); why != nil {
		_, hint := exitAndHint(why)
		return usagef(hint, "%w: one half of the profile would stand where it does not look; nothing was changed", why)
	}
	return nil
}

// warnOfOtherFiles says so when the agent reads other files than were edited.
func warnOfOtherFiles(ctx context.Context, c *cli, paths config.Paths) {
	if why := otherFiles(ctx, c, paths); why != nil {
		_, hint := exitAndHint(why)
		c.say("mfad: %v", why)
		c.hint("%s", hint)
	}
}
