package main

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mfad/mfad/internal/places"
)

// asWriter makes the test program one that floods its log, and panics.
const asWriter = "MFAD_TEST_AS_WRITER"

func flood() {
	log := logger(slog.LevelInfo)
	path, _ := places.Log(os.Getenv)
	for i := range 40_000 {
		log.Info("flood", "line", i, "text", strings.Repeat("x", 100))
	}
	_ = os.Remove(path)
	log.Info("after the removal")
	panic("the last word")
}

// However much an agent says, its log is bounded, and has what was said last: lines
// after a removal, and the panic, which the runtime writes.
func TestLogIsBoundedWhileTheAgentRuns(t *testing.T) {
	home := t.TempDir()
	path := filepath.Join(home, ".local", "state", "mfad", "agent.log")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	cmd := exec.Command(os.Args[0])
	cmd.Env = []string{asWriter + "=1", "HOME=" + home}
	cmd.Stderr = f
	if err := cmd.Run(); err == nil {
		t.Fatal("it did not panic")
	}
	text, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(text), "after the removal") || !strings.Contains(string(text), "panic: the last word") {
		t.Errorf("the log has %.300q, %v", text, err)
	}
	old, err := os.ReadFile(path + ".1")
	if err != nil || len(old) > places.MaxLog || !bytes.Contains(old, []byte("msg=flood")) {
		t.Errorf("the old log has %d bytes, %v", len(old), err)
	}
	if info, err := f.Stat(); err != nil || info.Size() > places.MaxLog {
		t.Errorf("the file that it was given: %v, %v", info.Size(), err)
	}
}

// What is not the log, such as the pipe of a service manager, is left alone.
func TestLogOfAServiceManagerIsLeftAlone(t *testing.T) {
	home := t.TempDir()
	var out bytes.Buffer
	cmd := exec.Command(os.Args[0])
	cmd.Env, cmd.Stderr = []string{asWriter + "=1", "HOME=" + home}, &out
	if err := cmd.Run(); err == nil {
		t.Fatal("it did not panic")
	}
	if last := fmt.Sprint("line=", 39_999); !strings.Contains(out.String(), "line=0 ") || !strings.Contains(out.String(), last) {
		t.Errorf("%d bytes came, and not all", out.Len())
	}
	if _, err := os.Lstat(filepath.Join(home, ".local")); err == nil {
		t.Error("it made a log of its own")
	}
}
