package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mfad/mfad/credproc/config"
	"github.com/mfad/mfad/credproc/config/edit"
)

// The library says what is there; the way out is ours to say.
func TestConflictsOfEditsSayWhichVerbHelps(t *testing.T) {
	const role = "[profile p]\nrole_arn = arn:aws:iam::111122223333:role/r\nsource_profile = base\n"
	const keys = "[p]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = hunter2\n"
	const vaultKey = "[profile p]\nmfad_access_key = other\n"
	const adopted = "[profile p]\n# adopted by mfad: lines 1 of it\nmfad_access_key = k\n"
	add := func(e *edit.Editor) error {
		_, err := e.Add(t.Context(), edit.NewProfile{Name: "p", Settings: []edit.Setting{{Key: config.KeyAccessKey, Value: "k"}}})
		return err
	}
	adopt := func(e *edit.Editor) error { _, err := e.Adopt(t.Context(), "p"); return err }
	release := func(e *edit.Editor) error { _, err := e.Release(t.Context(), "p"); return err }
	remove := func(e *edit.Editor) error { _, err := e.Remove(t.Context(), "p"); return err }
	for name, test := range map[string]struct {
		mfad, config, credentials string
		act                       func(*edit.Editor) error
		want                      string
	}{
		"add, taken": {
			config: role, act: add,
			want: "C:3: profile \"p\" has source_profile there; `mfad profile adopt p` moves it, or choose another name",
		},
		"add, keys": {
			credentials: keys, act: add,
			want: "K:2: profile \"p\" has keys there, and AWS's tools would use those; " +
				"`mfad key import --from-profile p` moves them into the vault",
		},
		"add, exists": {
			mfad: vaultKey, act: add,
			want: "F:1: profile \"p\" exists; `mfad profile remove p` takes it away",
		},
		"adopt, keys": {
			config: role, credentials: keys, act: adopt,
			want: "K:2: profile \"p\" has keys there, and AWS's tools would use those; " +
				"`mfad key import --from-profile p` moves them into the vault",
		},
		"adopt, exists": {
			mfad: vaultKey, config: role, act: adopt,
			want: "F:1: profile \"p\" exists; `mfad profile remove p` takes it away",
		},
		"adopt, no role": {
			config: "[profile p]\nregion = x\n", act: adopt,
			want: "C:1: profile \"p\" says nothing of a role or a source; `mfad profile add p` makes it one of mfad's",
		},
		"release, added": {
			mfad: vaultKey, act: release,
			want: "F:1: profile \"p\" was not adopted; `mfad profile remove p` takes it away",
		},
		"remove, adopted": {
			mfad: adopted, act: remove,
			want: "F:1: profile \"p\" was adopted; `mfad profile release p` puts it back as it was",
		},
		"add, another region": {
			config: "[profile p]\ncredential_process = /opt/mfad credentials --profile p\n", act: add,
			want: "C:2: profile \"p\" asks another mfad there; take the line out first",
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			paths := config.Paths{Mfad: filepath.Join(dir, "F"), Config: filepath.Join(dir, "C"), Credentials: filepath.Join(dir, "K")}
			for file, text := range map[string]string{paths.Mfad: test.mfad, paths.Config: test.config, paths.Credentials: test.credentials} {
				if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			err := adviseOnFiles(test.act(&edit.Editor{Paths: paths, Program: "/usr/bin/mfad"}))
			var f *fault
			if !errors.As(err, &f) || f.exit != exitError || f.hint != noHint || !errors.Is(err, config.ErrConflict) {
				t.Fatalf("got %v", err)
			}
			if got := strings.ReplaceAll(err.Error(), dir+string(filepath.Separator), ""); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}
