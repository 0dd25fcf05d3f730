// Command mfad is the door: what people and AWS SDKs call.
//
// `credential_process = mfad credentials --profile NAME` runs on every aws
// command, and most of the time the agent has the answer in its cache. For that
// case alone the door asks, once, prints the document in one write, and ends.
// Whatever else there is to do, it is replaced by mfad-cli, which stands beside
// it and knows every verb: with the same arguments, environment and open files,
// so that nobody can tell. People and config files know no other name than mfad.
//
// It links next to nothing, which a test holds: what a Go program links, it
// pays for at each start.
package main

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/mfad/mfad/agent/client/cached"
	"github.com/mfad/mfad/agent/harden"
	"github.com/mfad/mfad/internal/places"
)

func main() {
	// mfad-cli tells of whatever goes wrong: it will meet the same.
	if harden.Process() == nil {
		printed, err := printCached(os.Args[1:])
		switch {
		case printed:
			return
		case err != nil:
			fail(err, "")
		}
	}
	fail(handOver(), `Install mfad-cli beside mfad: "make install" does.`)
}

// printCached prints the document that the command line asks for, if the agent
// has it in its cache. An error says that it could not be written: mfad-cli would
// ask the agent once more, and fail likewise.
func printCached(args []string) (printed bool, err error) {
	profile, ok := cached.Profile(args)
	if !ok {
		return false, nil
	}
	path, err := places.Socket(os.Getenv)
	if err != nil {
		return false, nil
	}
	doc, wipe := cached.Document(path, profile, cached.Region(os.Getenv))
	defer wipe()
	if doc == nil {
		return false, nil
	}
	if _, err := os.Stdout.Write(doc); err != nil {
		return false, errors.New("writing to standard output: " + err.Error())
	}
	return true, nil
}

// handOver puts mfad-cli in our place. It returns only when that failed.
func handOver() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if real, err := filepath.EvalSymlinks(self); err == nil {
		self = real
	}
	return become(filepath.Join(filepath.Dir(self), client))
}

// fail ends us as mfad-cli ends for an error without a code of its own.
func fail(err error, hint string) {
	text := "mfad: error: " + err.Error() + "\n"
	if hint != "" {
		text += "mfad: hint: " + hint + "\n"
	}
	_, _ = os.Stderr.WriteString(text)
	os.Exit(1)
}
