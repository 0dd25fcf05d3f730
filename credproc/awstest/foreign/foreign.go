// Package foreign finds, for tests, the AWS clients that nobody here wrote:
// they judge package awstest, and what mfad hands out, by rules of their own.
// A client that is missing fails the test and says what to install; none is
// skipped.
package foreign

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/mfad/mfad/internal/durable"
)

// debianAWS is the AWS CLI v2 of Debian, which wins over any other in PATH.
const debianAWS = "/usr/bin/aws"

// AWS is the path of the AWS CLI.
func AWS(tb testing.TB) string {
	tb.Helper()
	if _, err := os.Stat(debianAWS); err == nil {
		return debianAWS
	}
	return find(tb, "aws", "awscli")
}

// Node is the command that runs a script of testdata/js, whose modules it
// installs as the lock file says, once for all test processes.
func Node(tb testing.TB, script string) []string {
	tb.Helper()
	node, npm := find(tb, "node", "nodejs"), find(tb, "npm", "npm")
	dir := filepath.Join(moduleRoot(tb), "testdata", "js")
	lock, err := durable.AwaitLock(tb.Context(), filepath.Join(dir, "node_modules.lock"))
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = lock.Unlock() }()
	if !installed(dir) {
		cmd := exec.CommandContext(tb.Context(), npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund")
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			tb.Fatalf("running npm ci in %s: %v\n%s", dir, err, out)
		}
	}
	return []string{node, filepath.Join(dir, script)}
}

// installed tells whether the modules are there and no older than the lock
// file: npm writes its own record of them last.
func installed(dir string) bool {
	record, err := os.Stat(filepath.Join(dir, "node_modules", ".package-lock.json"))
	if err != nil {
		return false
	}
	want, err := os.Stat(filepath.Join(dir, "package-lock.json"))
	return err == nil && !record.ModTime().Before(want.ModTime())
}

func find(tb testing.TB, program, pkg string) string {
	tb.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		tb.Fatalf("%s is missing: run `sh .ci/deps test`, or install the package %s", program, pkg)
	}
	return path
}

// moduleRoot is the folder of go.mod: tests run in the folder of their package.
func moduleRoot(tb testing.TB) string {
	tb.Helper()
	dir, err := os.Getwd()
	if err != nil {
		tb.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			tb.Fatal("no go.mod above the test's folder")
		}
		dir = parent
	}
}
