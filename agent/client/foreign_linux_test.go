package client_test

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/mfad/mfad/agent/client"
	"github.com/mfad/mfad/internal/proctest"
)

func TestDialRefusesWhatIsNotOurs(t *testing.T) {
	const stranger = 64999
	root := os.Getuid() == 0
	for _, row := range []struct {
		name    string
		prepare func(dir, path string) error
		want    string
	}{
		{"a folder of another user", func(dir, _ string) error { return os.Chown(dir, stranger, stranger) }, " is owned by uid 64999, and we are uid 0: set MFAD_SOCKET"},
		{"a socket of another user", func(_, path string) error { return os.Lchown(path, stranger, stranger) }, "agent.sock is owned by uid 64999, and we are uid 0: set MFAD_SOCKET"},
		{"a folder that others can enter", func(dir, _ string) error { return os.Chmod(dir, 0o755) }, "run chmod 700"},
		{"a folder by a link", func(dir, _ string) error {
			return errors.Join(os.Rename(dir, dir+".real"), os.Symlink(dir+".real", dir))
		}, "is a symbolic link"},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir := filepath.Join(proctest.Folder(t), "run")
			path := filepath.Join(dir, "agent.sock")
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			ln, err := net.Listen("unix", path)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = ln.Close() }()
			err = row.prepare(dir, path)
			switch {
			case errors.Is(err, os.ErrPermission) && !root:
				// Only root gives files away; the root folder is one of another user.
				path, row.want = "/agent.sock", " / is owned by uid 0, and we are uid "
			case err != nil:
				t.Fatal(err)
			}
			c, err := client.Dial(t.Context(), client.Options{Socket: path})
			if err == nil {
				_ = c.Close()
				t.Fatal("it connects")
			}
			if !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// The kernel keeps who listens, whoever owns the file.
func TestDialRefusesAnAgentOfAnotherUser(t *testing.T) {
	const stranger = 64999
	dir := filepath.Join(proctest.Folder(t), "run")
	path := filepath.Join(dir, "agent.sock")
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Close(fd) }()
	if err := errors.Join(os.Mkdir(dir, 0o700), syscall.Bind(fd, &syscall.SockaddrUnix{Name: path})); err != nil {
		t.Fatal(err)
	}
	if err := proctest.AsUser(t, stranger, func() error { return syscall.Listen(fd, 1) }); err != nil {
		t.Fatal(err)
	}
	c, err := client.Dial(t.Context(), client.Options{Socket: path})
	if err == nil {
		_ = c.Close()
	}
	if err == nil || !strings.Contains(err.Error(), "runs as uid 64999, not as you") {
		t.Errorf("got %v", err)
	}
}

// The caller of the first aws command must not choose where the agent sends
// codes, whom it trusts, or what it loads.
func TestStartedAgentSeesAScrubbedEnvironment(t *testing.T) {
	hostile := []string{
		"AWS_ENDPOINT_URL_STS", "AWS_CA_BUNDLE", "AWS_ACCESS_KEY_ID", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "NO_PROXY",
		"SSL_CERT_FILE", "SSL_CERT_DIR", "LD_PRELOAD", "LD_LIBRARY_PATH", "DYLD_INSERT_LIBRARIES", "GODEBUG", "GOTRACEBACK",
		"NODE_OPTIONS", "PYTHONPATH", "BASH_ENV", "ENV", "IFS", "RES_OPTIONS", "LOCALDOMAIN", "LISTEN_FDS", "LISTEN_PID", "home",
	}
	needed := []string{"HOME", "PATH", "LANG", "LC_ALL", "TZ", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "DBUS_SESSION_BUS_ADDRESS", "DISPLAY", "MFAD_TEST_ENV"}
	for _, name := range hostile {
		t.Setenv(name, "hostile")
	}
	for _, name := range needed {
		t.Setenv(name, "needed")
	}
	t.Setenv("HOME", "/needed")
	o := demand(t, "plain")
	t.Setenv(agentVariable, "plain")
	o.Env = nil // as the client does by itself
	c, err := client.Dial(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	// The test must not be an agent itself in what it starts next.
	if err := os.Unsetenv(agentVariable); err != nil {
		t.Fatal(err)
	}
	var environ []string
	if err := c.Call(t.Context(), "environ", nil, &environ); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		names = append(names, name)
		if value == "hostile" {
			t.Errorf("%s passed", name)
		}
	}
	for _, name := range append(needed, "MFAD_SOCKET") {
		if !slices.Contains(names, name) {
			t.Errorf("%s did not pass", name)
		}
	}
	if slices.Contains(names, "MFAD_READY_FD") {
		t.Error("the agent passes its pipe on")
	}
}

func TestLogOfStartedAgentsIsBounded(t *testing.T) {
	o := demand(t, "mute")
	if err := os.MkdirAll(filepath.Dir(o.Log), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(o.Log, make([]byte, 1<<20+1), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := client.Dial(t.Context(), o); !errors.Is(err, client.ErrNotStarted) {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(o.Log)
	if err != nil || string(text) != strings.Repeat("a word for the log\n", 2) {
		t.Errorf("the log holds %.80q, %v", text, err)
	}
	if info, err := os.Stat(o.Log + ".1"); err != nil || info.Size() != 1<<20+1 {
		t.Errorf("the old log: %v, %v", info, err)
	}
}
