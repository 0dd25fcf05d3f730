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
// judge it beside its own. Tests that match slow, which ask other programs, judge
// only what no other test notices.
type subject struct {
	folder string
	beside []string
	slow   string
}

func (s subject) tests() []string {
	tests := []string{"./" + s.folder}
	for _, other := range s.beside {
		tests = append(tests, "./"+other)
	}
	return tests
}

// judge runs a subject's tests.
type judge struct {
	subject
	idle  []block // what no test runs
	stage []stage
}

// stage is a part of the tests; a change that it does not notice goes to the next.
type stage struct {
	which string // a flag of go test
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
	took, err := s.asItIs("-coverprofile="+profile.Name(), "-coverpkg=./"+s.folder)
	if err != nil {
		return judge{}, err
	}
	idle, err := idleBlocks(profile.Name())
	if s.slow == "" || err != nil {
		return judge{s, idle, []stage{{"-run=.", took}}}, err
	}
	quick, err := s.asItIs("-skip=" + s.slow)
	return judge{s, idle, []stage{{"-skip=" + s.slow, quick}, {"-run=" + s.slow, took}}}, err
}

// asItIs runs the tests of the code without a change, which may take four times as
// long with one.
func (s subject) asItIs(flags ...string) (limit time.Duration, err error) {
	start := time.Now()
	args := slices.Concat([]string{"test", "-count=1"}, flags, s.tests())
	if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
		return 0, fmt.Errorf("its tests fail as it is: %w\n%s", err, out)
	}
	return 4*time.Since(start) + 20*time.Second, nil
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
	for _, s := range j.stage {
		if v := j.run(s, overlay); v != unnoticed {
			return v
		}
	}
	return unnoticed
}

// run has one stage judge.
func (j judge) run(s stage, overlay string) verdict {
	args := append([]string{
		"test", "-count=1", "-failfast", "-vet=off", "-overlay=" + overlay, "-timeout=" + s.limit.String(), s.which,
	}, j.tests()...)
	out, err := exec.Command("go", args...).CombinedOutput()
	switch {
	case err == nil:
		return unnoticed
	case bytes.Contains(out, []byte("[build failed]")) || bytes.Contains(out, []byte("[setup failed]")):
		return broken
	}
	return noticed
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
