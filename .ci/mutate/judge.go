package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// subject is a package whose lines are changed, and the packages whose tests
// judge it beside its own.
type subject struct {
	folder string
	beside []string
	apart  bool // the tests run it in processes of their own, of which no profile tells
}

// tests are what judges a subject, in turn: its own tests, then those of others,
// which take longer.
func (s subject) tests() [][]string {
	tests := [][]string{{"./" + s.folder}}
	if len(s.beside) == 0 {
		return tests
	}
	var others []string
	for _, other := range s.beside {
		others = append(others, "./"+other)
	}
	return append(tests, others)
}

// judge runs a subject's tests.
type judge struct {
	subject
	idle  []block // what no test runs
	limit time.Duration
}

// block is a part of a file that the tests reach.
type block struct {
	file                           string
	line, column, toLine, toColumn int
}

func (b block) holds(c change) bool {
	after := c.line > b.line || c.line == b.line && c.column >= b.column
	before := c.line < b.toLine || c.line == b.toLine && c.column <= b.toColumn
	return c.file == b.file && after && before
}

// judge runs the tests of the code as it is, which tells what they reach and how
// long they take.
func (s subject) judge() (judge, error) {
	profile, err := os.CreateTemp("", "mutate-*.cover")
	if err != nil {
		return judge{}, err
	}
	defer func() { _ = os.Remove(profile.Name()) }()
	start := time.Now()
	args := append([]string{"test", "-count=1", "-short", "-coverprofile=" + profile.Name(), "-coverpkg=./" + s.folder},
		slices.Concat(s.tests()...)...)
	if s.apart {
		args = append([]string{"test", "-count=1", "-short"}, slices.Concat(s.tests()...)...)
	}
	if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
		return judge{}, fmt.Errorf("its tests fail as it is: %w\n%s", err, out)
	}
	idle, err := idleBlocks(profile.Name())
	return judge{s, idle, 4*time.Since(start) + 20*time.Second}, err
}

// idleBlocks are those of a profile that no test ran. A profile has a block once
// for each package that was tested.
func idleBlocks(profile string) ([]block, error) {
	text, err := os.ReadFile(profile)
	if err != nil {
		return nil, err
	}
	module, err := exec.Command("go", "list", "-m").Output()
	if err != nil {
		return nil, err
	}
	prefix := strings.TrimSpace(string(module)) + "/"
	ran := map[block]bool{}
	for line := range strings.Lines(string(text)) {
		name, rest, ok := strings.Cut(line, ":")
		var b block
		var statements, count int
		if _, err := fmt.Sscanf(rest, "%d.%d,%d.%d %d %d",
			&b.line, &b.column, &b.toLine, &b.toColumn, &statements, &count); !ok || err != nil {
			continue
		}
		b.file = strings.TrimPrefix(name, prefix)
		ran[b] = ran[b] || count > 0
	}
	return slices.DeleteFunc(slices.Collect(maps.Keys(ran)), func(b block) bool { return ran[b] }), nil
}

// verdict is what became of a change.
type verdict int

const (
	unreached verdict = iota // no test runs the line
	unnoticed                // the tests pass
	noticed                  // a test fails, or hangs
	broken                   // it does not compile
)

// verdict runs the tests with the change.
func (j judge) verdict(c change) verdict {
	if slices.ContainsFunc(j.idle, func(b block) bool { return b.holds(c) }) {
		return unreached
	}
	folder, err := os.MkdirTemp("", "mutate-")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(folder) }()
	overlay, err := c.overlay(folder)
	if err != nil {
		panic(err)
	}
	for _, tests := range j.tests() {
		args := append([]string{
			"test", "-count=1", "-short", "-failfast", "-vet=off", "-overlay=" + overlay, "-timeout=" + j.limit.String(),
		}, tests...)
		out, err := exec.Command("go", args...).CombinedOutput()
		switch {
		case err == nil:
			continue
		case bytes.Contains(out, []byte("[build failed]")) || bytes.Contains(out, []byte("[setup failed]")):
			return broken
		}
		return noticed
	}
	return unnoticed
}

// overlay writes the changed file, and the map by which the compiler finds it.
func (c change) overlay(folder string) (string, error) {
	source, err := os.ReadFile(c.file)
	original, absErr := filepath.Abs(c.file)
	changed, overlay := filepath.Join(folder, "changed.go"), filepath.Join(folder, "overlay.json")
	replace, jsonErr := json.Marshal(map[string]map[string]string{"Replace": {original: changed}})
	if err := errors.Join(err, absErr, jsonErr); err != nil {
		return "", err
	}
	return overlay, errors.Join(os.WriteFile(changed, c.apply(source), 0o600), os.WriteFile(overlay, replace, 0o600))
}

// sources are the files of a package that this system builds.
func sources(folder string) ([]string, error) {
	out, err := exec.Command("go", "list", "-f", `{{join .GoFiles "\n"}}{{"\n"}}{{join .CgoFiles "\n"}}`, "./"+folder).Output()
	return strings.Fields(string(out)), err
}
