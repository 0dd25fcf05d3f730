package main

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
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
			paths := writeFiles(t, test.mfad, test.config, test.credentials)
			dir := filepath.Dir(paths.Mfad)
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

// Whoever follows what the conflicts say comes to an end: no two send a person
// back and forth. Every file has every kind of section, or none.
func TestWaysOutEnd(t *testing.T) {
	t.Parallel()
	const arn = "arn:aws:iam::111122223333:role/r"
	own := []string{"", "[profile p]\nmfad_access_key = other\n", "[profile p]\n# adopted by mfad: lines 1 of it\nmfad_access_key = k\n", "[profile p]\nregion = x\n"}
	lines := []string{
		"", "region = x\n", "role_arn = " + arn + "\nsource_profile = base\n", "mfa_serial = arn:aws:iam::111122223333:mfa/a\n",
		"aws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = hunter2\n",
		"credential_process = /usr/bin/mfad credentials --profile p\n", "credential_process = /opt/other\n", "sso_session = s\n",
		"credential_process = /opt/other\nrole_arn = " + arn + "\n",
	}
	section := func(header, lines string) string {
		if lines == "" {
			return ""
		}
		return header + lines
	}
	for _, mfad := range own {
		for _, inConfig := range lines {
			for _, inCredentials := range lines {
				for _, verb := range []string{"profile add", "profile adopt", "profile release", "profile remove", "key import"} {
					paths := writeFiles(t, mfad, section("[profile p]\n", inConfig), section("[p]\n", inCredentials))
					e := &edit.Editor{Program: "/usr/bin/mfad", Paths: paths}
					if path := followWaysOut(t, e, verb); len(path) > 4 {
						t.Errorf("%q in mfad's file, %q in config, %q in credentials: %s", mfad, inConfig, inCredentials, strings.Join(path, " -> "))
					}
				}
			}
		}
	}
}

// followWaysOut runs a verb, then the one that its error names, and so on, until one
// succeeds or names no other. It tells which.
func followWaysOut(t *testing.T, e *edit.Editor, verb string) (path []string) {
	acts := map[string]func() error{
		"profile add": func() error {
			_, err := e.Add(t.Context(), edit.NewProfile{Name: "p", Settings: []edit.Setting{{Key: config.KeyAccessKey, Value: "k"}}})
			return err
		},
		"profile adopt":   func() error { _, err := e.Adopt(t.Context(), "p"); return err },
		"profile release": func() error { _, err := e.Release(t.Context(), "p"); return err },
		"profile remove":  func() error { _, err := e.Remove(t.Context(), "p"); return err },
		"key import":      func() error { _, err := e.RemoveKeys(t.Context(), "p"); return err },
	}
	for len(path) <= 4 {
		path = append(path, verb)
		err := acts[verb]()
		if err == nil {
			return path
		}
		_, hint := exitAndHint(adviseOnFiles(err))
		next := editVerb.FindStringSubmatch(withWayOut(err).Error() + " " + hint)
		if next == nil {
			return path
		}
		verb = next[1]
	}
	return path
}

// editVerb finds a verb that edits the person's files in what a person is told.
var editVerb = regexp.MustCompile("[`\"]mfad (profile add|profile adopt|profile release|profile remove|key import) ")

// writeFiles makes the person's files.
func writeFiles(t *testing.T, mfad, aws, credentials string) config.Paths {
	t.Helper()
	dir := t.TempDir()
	paths := config.Paths{Mfad: filepath.Join(dir, "F"), Config: filepath.Join(dir, "C"), Credentials: filepath.Join(dir, "K")}
	for name, text := range map[string]string{paths.Mfad: mfad, paths.Config: aws, paths.Credentials: credentials} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return paths
}
