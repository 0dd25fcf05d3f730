package edit

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/mfad/mfad/credproc/config"
	"github.com/mfad/mfad/internal/durable/faultfs"
)

// state is what mfad's file and AWS's config say.
type state struct{ mfad, config string }

// TestEditsSurviveEveryFault breaks every edit at every step: the files are
// found old, new, or with one of the two written, in the order in which the
// profile works all the time; the same edit again completes the work and
// leaves nothing behind.
func TestEditsSurviveEveryFault(t *testing.T) {
	for _, c := range edits {
		if !c.faults {
			continue
		}
		old, now := state{c.mfad, c.config}, state{c.wantMfad, c.wantConfig}
		t.Run(c.name, func(t *testing.T) {
			breakEverywhere(t, c.act, old, now, state{now.mfad, old.config})
		})
		t.Run(c.name+", undone", func(t *testing.T) {
			breakEverywhere(t, c.undo, now, state{c.mfad, c.config}, state{now.mfad, old.config})
		})
	}
}

// breakEverywhere finds out the steps of an edit and breaks each in each way.
func breakEverywhere(t *testing.T, act func(*Editor) ([]Change, error), old, now, between state) {
	count := faultfs.New()
	e := editing(t, old.mfad, old.config, "")
	e.FS = count
	if _, err := act(e); err != nil {
		t.Fatal(err)
	}
	for _, fault := range faultfs.Every(count.Steps()) {
		t.Run(fmt.Sprint(fault), func(t *testing.T) {
			e := editing(t, old.mfad, old.config, "")
			fsys := faultfs.New()
			fsys.Arm(fault)
			e.FS = fsys
			_, _ = act(e)
			if err := fsys.Crash(); err != nil {
				t.Fatal(err)
			}
			found := state{content(t, e.Paths.Mfad), content(t, e.Paths.Config)}
			if found != old && found != now && found != between {
				t.Fatalf("torn:\n%q", found)
			}
			served(t, e.Paths)
			e.FS = nil
			if _, err := act(e); err != nil && !(found == now && errors.Is(err, config.ErrNoProfile)) {
				t.Errorf("again: %v", err)
			}
			if found := (state{content(t, e.Paths.Mfad), content(t, e.Paths.Config)}); found != now {
				t.Errorf("again:\n%q", found)
			}
			for _, name := range []string{e.Paths.Mfad, e.Paths.Config} {
				if left, err := filepath.Glob(filepath.Join(filepath.Dir(name), ".*")); err != nil || len(left) > 0 {
					t.Errorf("left behind: %v, %v", left, err)
				}
			}
		})
	}
}

// served: when AWS's config asks mfad for the profile, mfad can tell what it is.
func served(t *testing.T, paths config.Paths) {
	t.Helper()
	r := config.NewReader(paths, os.Getenv)
	f, err := r.Files()
	if err != nil {
		t.Fatal(err)
	}
	p, _ := f.Profile("p")
	if _, ok := p.Served(); !ok {
		return
	}
	if _, err := r.Resolve(config.Query{Profile: "p", HasKey: func(name string) bool { return name == "base" }}); err != nil {
		t.Error(err)
	}
}
