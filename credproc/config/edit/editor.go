// Package edit changes profiles in the person's files: mfad's own and AWS's two.
//
// It adds a profile and removes it, adopts one of AWS's config into mfad's file
// and releases it again, and takes keys out of AWS's files. Mfad's command line
// uses it, in the person's own process: the agent changes none of these files.
//
// What profiles mean is package config's: an edit is resolved by it before
// anything is written. The package knows no vault and no agent. Its errors state
// what stands where; what to do about it, and by which verb, is for the caller
// to say.
package edit

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/mfad/mfad/credproc/config"
	"github.com/mfad/mfad/credproc/config/syntax"
	"github.com/mfad/mfad/internal/durable"
)

// Editor changes the person's files: mfad's profiles and AWS's two. What an
// edit does not name stays as it is, to the byte. A new text is parsed and its
// profile resolved before anything is written; the old one is kept beside the
// file as NAME.mfad-backup, mode 0600, and AWS's config as it was before the first
// edit of all as NAME.mfad-original; a link is followed and its target replaced in
// one step, with its mode.
//
// An edit that needs two files writes them in the order in which the profile
// keeps working, or keeps its old state, if it is cut off between them; the
// same edit again completes it. Edits of several processes wait for each other.
//
// Errors wrap config.ErrBadName, config.ErrBadConfig, config.ErrNoProfile,
// config.ErrConflict (a [*Conflict]), or those of the file system.
type Editor struct {
	Paths config.Paths
	FS    durable.FS // nil: durable.OS
	// Program is mfad's own absolute path, as credential_process shall name it.
	Program string
}

// Change is a file that an edit replaced. Backup is empty for a new file; the
// backup of AWS's credentials holds the keys that were in it. Original is the copy
// that this edit made for good, empty if there was one already.
type Change struct{ File, Backup, Original string }

// BackupOf names the backup of a file, of its state before the last edit; there
// may be none.
func BackupOf(name string) string { return name + ".mfad-backup" }

// OriginalOf names the copy of AWS's config as it was before mfad's first edit.
// It is written once and never replaced; there may be none.
func OriginalOf(name string) string { return name + ".mfad-original" }

// edit runs act under the lock, about one profile, with the files as they are now.
func (e *Editor) edit(ctx context.Context, profile string, act func(*transaction) error) ([]Change, error) {
	if err := config.CheckName(profile); err != nil {
		return nil, err
	}
	return e.locked(ctx, func(t *transaction) error {
		t.profile = profile
		return act(t)
	})
}

// locked runs act under the lock, with the files as they are now.
func (e *Editor) locked(ctx context.Context, act func(*transaction) error) ([]Change, error) {
	t := e.transaction("")
	if err := durable.MkdirAll(t.fsys, filepath.Dir(e.Paths.Mfad), 0o700); err != nil {
		return nil, err
	}
	lock, err := durable.AwaitLock(ctx, e.Paths.Mfad+".lock")
	if err != nil {
		return nil, err
	}
	defer func() { _ = lock.Unlock() }()
	if t.old, err = t.load(); err != nil {
		return nil, err
	}
	err = act(t)
	return t.changes, err
}

func (e *Editor) transaction(profile string) *transaction {
	t := &transaction{files: files{fsys: e.FS, paths: e.Paths}, profile: profile}
	if t.fsys == nil {
		t.fsys = durable.OS
	}
	return t
}

// judgedBy stands for the environment of an agent that is not here: enough of
// it that a profile is judged by the files alone.
func judgedBy(name string) string {
	switch name {
	case "HOME":
		return string(filepath.Separator)
	case "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY":
		return "-"
	}
	return ""
}

// process is the line by which AWS's tools ask mfad for the profile.
func (e *Editor) process(profile string) (string, error) {
	line := fmt.Sprintf("%s %s --profile %s", quoteWord(e.Program), config.CredentialsVerb, profile)
	switch {
	case !filepath.IsAbs(e.Program) || !syntax.IsPlain(e.Program):
		return "", fmt.Errorf("credential_process needs the absolute path of mfad, and %q is not", e.Program)
	case !config.CallsMfad(line):
		return "", fmt.Errorf("credential_process needs a program named %s, and %q is not; rename or link it",
			config.ProgramName, e.Program)
	}
	return line, nil
}
