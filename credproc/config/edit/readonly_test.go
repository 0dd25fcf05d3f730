package edit

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/mfad/mfad/internal/durable"
)

// sealed is a file system on which one folder can only be read.
type sealed struct {
	durable.FS
	dir string
}

func (s *sealed) OpenFile(name string, flag int, perm fs.FileMode) (durable.File, error) {
	if filepath.Dir(name) == s.dir && flag&(os.O_WRONLY|os.O_RDWR) != 0 {
		return nil, &fs.PathError{Op: "open", Path: name, Err: syscall.EROFS}
	}
	return s.FS.OpenFile(name, flag, perm)
}

// An edit of two files of which one cannot be written changes neither.
func TestEditWritesNothingUnlessItCanWriteBoth(t *testing.T) {
	const theirs = "[default]\nregion = eu-central-1\n"
	add := func(e *Editor) error {
		_, err := e.Add(context.Background(), NewProfile{Name: "p", Settings: []Setting{{"role_arn", admin}, {"source_profile", "base"}}})
		return err
	}
	e := editing(t, "", theirs, "")
	e.FS = &sealed{durable.OS, filepath.Dir(e.Paths.Config)}
	if err := add(e); !errors.Is(err, syscall.EROFS) {
		t.Errorf("AWS's folder is read-only: %v", err)
	}
	check(t, "mfad's file", content(t, e.Paths.Mfad), "")
	check(t, "AWS's config", content(t, e.Paths.Config), theirs)

	e = editing(t, "", theirs, "")
	if err := errors.Join(os.Remove(e.Paths.Config), os.Symlink("missing", e.Paths.Config)); err != nil {
		t.Fatal(err)
	}
	if err := add(e); err == nil {
		t.Error("a link to nothing was written through")
	}
	check(t, "mfad's file", content(t, e.Paths.Mfad), "")

	e = editing(t, "", theirs, "")
	if err := add(e); err != nil {
		t.Fatal(err)
	}
	before, aws := content(t, e.Paths.Mfad), content(t, e.Paths.Config)
	e.FS = &sealed{durable.OS, filepath.Dir(e.Paths.Mfad)}
	if _, err := e.Remove(context.Background(), "p"); !errors.Is(err, syscall.EROFS) {
		t.Errorf("mfad's folder is read-only: %v", err)
	}
	check(t, "mfad's file", content(t, e.Paths.Mfad), before)
	check(t, "AWS's config", content(t, e.Paths.Config), aws)
}
