// Package cmd holds no code, only the tests that need the whole house: the
// fences between its rooms, the built programs end to end against foreign
// clients, and the benchmarks of whole processes.
package cmd_test

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
)

const module = "github.com/mfad/mfad"

// goPackage is what `go list -json` says of one package.
type goPackage struct {
	ImportPath string
	Name       string
	Imports    []string
	Deps       []string
	CgoFiles   []string
	Standard   bool
}

// goList runs go list for the patterns, with extra environment.
func goList(t *testing.T, env []string, args ...string) []goPackage {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-json=ImportPath,Name,Imports,Deps,CgoFiles,Standard"}, args...)...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var packages []goPackage
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatalf("reading go list: %v", err)
		}
		packages = append(packages, p)
	}
}
