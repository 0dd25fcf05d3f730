package durable_test

import (
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/mfad/mfad/internal/durable"
)

// A file is replaced whole. Whoever reads it finds the old content or the new,
// also after a kill or a power cut in the middle of WriteFile.
func ExampleWriteFile() {
	dir, err := os.MkdirTemp("", "durable")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	name := filepath.Join(dir, "state.json")
	for _, content := range []string{"old\n", "new\n"} {
		if err := durable.WriteFile(durable.OS, name, []byte(content), 0o600); err != nil {
			log.Fatal(err)
		}
	}
	content, err := durable.OS.ReadFile(name)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(string(content))
	// Output: new
}

// One writer at a time: the second is told at once, and may wait with AwaitLock.
func ExampleTryLock() {
	dir, err := os.MkdirTemp("", "durable")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	name := filepath.Join(dir, "lock")
	first, err := durable.TryLock(name)
	if err != nil {
		log.Fatal(err)
	}
	_, err = durable.TryLock(name)
	fmt.Println("second:", errors.Is(err, durable.ErrLocked))
	if err := first.Unlock(); err != nil {
		log.Fatal(err)
	}
	third, err := durable.TryLock(name)
	fmt.Println("after the first has gone:", err)
	if err := third.Unlock(); err != nil {
		log.Fatal(err)
	}
	// Output:
	// second: true
	// after the first has gone: <nil>
}
