package wire_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/errcode"
)

func TestSocketPathFollowsTheFirstVariableThatNamesOne(t *testing.T) {
	root := t.TempDir() // absolute on every system
	at := func(names ...string) string { return filepath.Join(append([]string{root}, names...)...) }
	if err := os.Mkdir(at("run"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		env  map[string]string
		want string
	}{
		"explicit":         {map[string]string{"MFAD_SOCKET": at("s"), "XDG_RUNTIME_DIR": at("run"), "HOME": at("h")}, at("s")},
		"runtime folder":   {map[string]string{"XDG_RUNTIME_DIR": at("run"), "HOME": at("h")}, at("run", "mfad", "agent.sock")},
		"relative ignored": {map[string]string{"XDG_RUNTIME_DIR": "run", "HOME": at("h")}, at("h", ".local", "state", "mfad", "run", "agent.sock")},
		"state folder":     {map[string]string{"XDG_STATE_HOME": at("state"), "HOME": at("h")}, at("state", "mfad", "run", "agent.sock")},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := wire.SocketPath(func(key string) string { return test.env[key] })
			if err != nil || got != test.want {
				t.Errorf("got %q, %v; want %q", got, err, test.want)
			}
		})
	}
}

func TestVaultsStandWhereTheDataOfProgramsDoes(t *testing.T) {
	root := t.TempDir()
	for _, test := range []struct{ xdg, want string }{
		{filepath.Join(root, "data"), filepath.Join(root, "data", "mfad")},
		{"", filepath.Join(root, ".local", "share", "mfad")},
		{"data", filepath.Join(root, ".local", "share", "mfad")},
	} {
		env := map[string]string{"HOME": root, "XDG_DATA_HOME": test.xdg}
		if got, err := wire.DataDir(func(key string) string { return env[key] }); err != nil || got != test.want {
			t.Errorf("%q: got %q, %v; want %q", test.xdg, got, err, test.want)
		}
	}
}

func TestNoHomeIsItsOwnError(t *testing.T) {
	nothing := func(string) string { return "" }
	for name, find := range map[string]func(func(string) string) (string, error){
		"socket": wire.SocketPath, "state": wire.StateDir, "log": wire.LogPath, "data": wire.DataDir, "address": wire.AddressPath,
	} {
		if path, err := find(nothing); !errors.Is(err, errcode.NoHome) {
			t.Errorf("%s: got %q, %v; want errcode.NoHome", name, path, err)
		}
	}
}
