package logfile

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/mfad/mfad/internal/durable"
	"github.com/mfad/mfad/internal/durable/faultfs"
)

func TestFileIsSetAsideWhenItIsFull(t *testing.T) {
	path := filepath.Join(t.TempDir(), "some.log")
	line := strings.Repeat("x", 39) + "\n"
	for range 2 { // a new agent goes on where the last one was
		f := New(Options{FS: durable.OS, Path: path, Limit: 100})
		for range 2 {
			if _, err := f.Write([]byte(line)); err != nil {
				t.Fatal(err)
			}
		}
		f.close()
	}
	for name, want := range map[string]int{path: 2, path + ".1": 2} {
		text, err := os.ReadFile(name)
		if err != nil || strings.Count(string(text), line) != want {
			t.Errorf("%s has %q, %v", name, text, err)
		}
	}
}

// What was reported as written stands there in whole lines, whatever fails.
func TestFileOutlivesAFullDisk(t *testing.T) {
	const lines = 6
	write := func(fsys durable.FS, path string) (written int) {
		f := New(Options{FS: fsys, Path: path, Limit: 100})
		for range lines {
			if _, err := f.Write([]byte(strings.Repeat("x", 39) + "\n")); err == nil {
				written++
			}
		}
		return written
	}
	fsys := faultfs.New()
	if n := write(fsys, filepath.Join(t.TempDir(), "some.log")); n != lines {
		t.Fatalf("wrote %d of %d lines on a good disk", n, lines)
	}
	for step := 1; step <= fsys.Steps(); step++ {
		path := filepath.Join(t.TempDir(), "some.log")
		broken := faultfs.New()
		broken.Arm(faultfs.Fault{Step: step, Err: syscall.ENOSPC})
		written := write(broken, path)
		if written < lines-1 {
			t.Errorf("step %d: one fault cost %d lines", step, lines-written)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if len(line) > 40 {
				t.Errorf("step %d: a line follows the half of another: %q", step, line)
			}
		}
	}
}

// A line that fits stays in the file, and one byte more sets it aside. Probing is
// no line.
func TestFileIsFilledToItsLimit(t *testing.T) {
	for limit, want := range map[int64]int{80: 2, 79: 1} {
		path := filepath.Join(t.TempDir(), "some.log")
		f := New(Options{FS: durable.OS, Path: path, Limit: limit})
		for range 2 {
			if _, err := f.Write([]byte(strings.Repeat("x", 39) + "\n")); err != nil {
				t.Fatal(err)
			}
			if err := f.Probe(); err != nil {
				t.Fatal(err)
			}
		}
		f.close()
		text, err := os.ReadFile(path)
		if strings.Count(string(text), "\n") != want || err != nil {
			t.Errorf("limit %d: %q, %v", limit, text, err)
		}
	}
}

// The line about what was lost takes room too, so that no file outgrows its limit.
func TestLineAboutTheLostHasItsRoom(t *testing.T) {
	path := filepath.Join(t.TempDir(), "some.log")
	line := strings.Repeat("x", 39) + "\n"
	f := New(Options{FS: durable.OS, Path: path, Limit: 100, Lost: func(what string) []byte { return []byte(what + line[len(what):]) }})
	for range 2 {
		if _, err := f.Write([]byte(line)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Truncate(path, 40); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write([]byte(line)); err != nil {
		t.Fatal(err)
	}
	f.close()
	text, err := os.ReadFile(path)
	if want := "cut" + line[3:] + line; string(text) != want || err != nil {
		t.Errorf("it has %q, %v", text, err)
	}
}
