//go:build cgo && linux

package pcsc

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mfad/mfad/internal/proctest"
	"github.com/mfad/mfad/token"
)

// holdReader has another process, of that name, hold a reader until release.
func holdReader(t *testing.T, name, reader string) (release func()) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(t.TempDir(), name)
	if err := os.Symlink(self, program); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), "MFAD_TEST_HOLD="+reader)
	other := proctest.Start(t, cmd)
	if line := other.Line(); line != "held" {
		t.Errorf("the other process says %q", line)
	}
	release = func() { _ = other.End() }
	t.Cleanup(release)
	return release
}

func TestBusyNamesTheHolder(t *testing.T) {
	s := open(t)
	s.patience = 100 * time.Millisecond
	reader := insert(t, 0, echoCard())
	release := holdReader(t, "scdaemon", reader)
	_, err := s.Connect(t.Context(), reader)
	wantError(t, err, token.ErrBusy)
	for _, want := range []string{"scdaemon", "gpgconf --kill scdaemon"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not name %q", err, want)
		}
	}
	release()
	connectTo(t, s, reader)
}

func TestHolderThatNobodyKnowsIsNamedToo(t *testing.T) {
	reader := insert(t, 0, echoCard())
	holdReader(t, "stranger", reader)
	if who := holder(); !strings.Contains(who, "stranger") {
		t.Errorf("the holder is %q", who)
	}
}

func TestConnectOutlivesAShortHold(t *testing.T) {
	s := open(t)
	reader := insert(t, 0, echoCard())
	release := holdReader(t, "ykman", reader)
	connected := make(chan error, 1)
	go func() {
		c, err := s.Connect(t.Context(), reader)
		if err == nil {
			err = c.Close()
		}
		connected <- err
	}()
	release()
	if err := <-connected; err != nil {
		t.Error(err)
	}
}
