package token

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/mfad/mfad/internal/environ"
	"github.com/mfad/mfad/internal/sibling"
)

// programName is mfad-token's file.
const programName = "mfad-token"

// WithoutCgo is what a mfad-token that was built without cgo says of itself.
const WithoutCgo = "this mfad-token was built without cgo and cannot reach tokens: `make build` says what it needs"

// find is the program to run: as told, else beside our own executable, else in
// PATH.
func (h *Helper) find() (string, error) {
	if h.Program != "" {
		return h.Program, nil
	}
	path, err := sibling.Find(programName)
	if err != nil {
		return "", fmt.Errorf("%w: %w; `make build` says what it needs", ErrNoHelper, err)
	}
	return path, nil
}

// passing are the variables of ours that mfad-token sees: where to find pcscd,
// FIDO2 devices and the person's own things.
var passing = environ.Passing{
	Names: []string{
		"PATH", "HOME", "LANG", "LANGUAGE", "PCSCLITE_CSOCK_NAME",
		"MFAD_FIDO2_DEVICES", "XDG_RUNTIME_DIR",
	},
	Prefixes: []string{"LC_"},
}

// packages says where a library comes from.
var packages = []struct{ library, hint string }{
	{"libpcsclite", "apt install libpcsclite1 (Fedora: pcsc-lite-libs)"},
	{"libfido2", "apt install libfido2-1 (Fedora: libfido2; macOS: brew install libfido2)"},
}

// unloaded tells of a program that ended with these words whether it could not
// be loaded, and what to do about it.
func unloaded(words string) error {
	if strings.Contains(words, WithoutCgo) {
		return fmt.Errorf("%w: %s", ErrNoHelper, WithoutCgo)
	}
	for _, said := range []string{"error while loading shared libraries: ", "Library not loaded: "} { // ld.so, dyld
		_, rest, found := strings.Cut(words, said)
		if !found {
			continue
		}
		library, _, _ := strings.Cut(rest, ":")
		library = printable(filepath.Base(library))
		for _, p := range packages {
			if strings.HasPrefix(library, p.library) {
				return fmt.Errorf("%w: it needs %s: %s", ErrNoHelper, library, p.hint)
			}
		}
		return fmt.Errorf("%w: it needs %s", ErrNoHelper, library)
	}
	return nil
}

// unstarted explains why path could not be executed.
func unstarted(path string, err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%w: there is no %s: install mfad-token beside mfad-agent; `make build` says what it needs", ErrNoHelper, path)
	}
	return fmt.Errorf("%w: %w", ErrNoHelper, err)
}
