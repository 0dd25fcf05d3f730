package places_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mfad/mfad/internal/places"
	"github.com/mfad/mfad/internal/proctest"
)

// Shells with a runtime folder that nobody can use find the agent of those that
// have none.
func TestUnfitRuntimeFolderIsPassedOver(t *testing.T) {
	root := t.TempDir()
	at := func(name string) string { return filepath.Join(root, name) }
	for name, row := range map[string]struct {
		dir  string
		make func(dir string) error
		why  string
	}{
		"sound":          {at("sound"), func(dir string) error { return os.Mkdir(dir, 0o700) }, ""},
		"a link to one":  {at("link"), func(dir string) error { return os.Symlink(root, dir) }, ""},
		"missing":        {at("none"), nil, "does not exist"},
		"relative":       {"run", nil, "is no absolute path"},
		"dangling":       {at("dangling"), func(dir string) error { return os.Symlink(at("nowhere"), dir) }, "does not exist"},
		"a file":         {at("file"), func(dir string) error { return os.WriteFile(dir, nil, 0o600) }, "is no folder"},
		"open to others": {at("open"), func(dir string) error { return errors.Join(os.Mkdir(dir, 0o700), os.Chmod(dir, 0o770)) }, "can be written by others"},
		"a stranger's":   {at("foreign"), func(dir string) error { return errors.Join(os.Mkdir(dir, 0o700), os.Lchown(dir, 64999, 64999)) }, "belongs to uid 64999"},
		"read-only":      {at("read-only"), func(dir string) error { return os.Mkdir(dir, 0o500) }, "cannot be written"},
	} {
		t.Run(name, func(t *testing.T) {
			if row.make != nil {
				if name == "a stranger's" {
					proctest.Root(t) // nobody else can give a folder away
				}
				if err := row.make(row.dir); err != nil {
					t.Fatal(err)
				}
			}
			if name == "read-only" && os.Getuid() == 0 {
				row.why = "" // root writes all the same
			}
			env := map[string]string{"HOME": root, "XDG_RUNTIME_DIR": row.dir}
			getenv := func(key string) string { return env[key] }
			want := filepath.Join(row.dir, "mfad", "agent.sock")
			if row.why != "" {
				want = filepath.Join(root, ".local", "state", "mfad", "run", "agent.sock")
			}
			if got, err := places.Socket(getenv); err != nil || got != want {
				t.Errorf("the socket is %s, %v; want %s", got, err, want)
			}
			if why := places.Unfit(getenv); !strings.HasSuffix(why, row.why) || (why == "") != (row.why == "") {
				t.Errorf("told is %q, want %q", why, row.why)
			}
			env[places.SocketVariable] = at("s")
			if why := places.Unfit(getenv); why != "" {
				t.Errorf("with a socket of its own: %q", why)
			}
		})
	}
}
