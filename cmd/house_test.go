package cmd_test

import (
	"fmt"
	"go/ast"
	"go/types"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"unicode/utf8"
)

// The bars of the house. `go test ./cmd -run House -v` prints the figures.
const (
	mostInCircle   = 8   // files of a package that need each other
	mostMethods    = 30  // of a type
	mostParameters = 3   // of a function, beside ctx
	longestLine    = 140 // characters
)

// How many are over these two bars. The figures may only fall.
const (
	functionsWithMore = 17
	longerLines       = 0
)

// mostFiles is how many files, without tests, a folder may hold.
var mostFiles = map[string]int{"agent": 14, "cmd/mfad-cli": 45, "cmd/mfad": 4}

// heldToCircles tells whether the room's files may not need each other at will.
func heldToCircles(room string) bool {
	return under(room, "agent") || under(room, "cmd/mfad-cli") || room == "cmd/mfad-token" || room == "token"
}

// A package is small when its files can be read one after the other. Where each
// needs each, it is one big file in pieces.
func TestHouseHasNoBigCircleOfFiles(t *testing.T) {
	table := newTable("package", "files", "in a circle", "bar")
	for _, s := range loadSources(t) {
		needs := s.needs()
		if len(needs) == 0 {
			continue // tests only
		}
		group, bar := circle(needs), ""
		if heldToCircles(s.room) {
			bar = fmt.Sprint(mostInCircle)
			if len(group) > mostInCircle {
				slices.Sort(group)
				t.Errorf("%s: %d files need each other, and at most %d may: %s", s.room, len(group), mostInCircle, strings.Join(group, " "))
			}
		}
		if len(group) == 1 {
			group = nil // no circle at all
		}
		table.row(s.room, len(needs), len(group), bar)
	}
	t.Log(table)
}

func TestHouseHasNoBigType(t *testing.T) {
	table := newTable("package", "type", "methods")
	for _, s := range loadSources(t) {
		name, most := "", 0
		for _, declared := range s.pkg.Scope().Names() {
			named, ok := s.pkg.Scope().Lookup(declared).(*types.TypeName)
			if !ok || named.IsAlias() {
				continue
			}
			n := methodsOf(named.Type())
			if n > mostMethods {
				t.Errorf("%s: %s has %d methods, and at most %d are wanted", s.room, declared, n, mostMethods)
			}
			if n > most {
				name, most = declared, n
			}
		}
		if most > 0 {
			table.row(s.room, name, most)
		}
	}
	t.Log(table)
}

// methodsOf counts the methods that the type itself declares.
func methodsOf(t types.Type) int {
	if i, ok := t.Underlying().(*types.Interface); ok {
		return i.NumMethods()
	}
	named, ok := t.(*types.Named)
	if !ok {
		return 0
	}
	return named.NumMethods()
}

func TestHouseHasNoFullFolder(t *testing.T) {
	table := newTable("folder", "files", "bar")
	for _, folder := range slices.Sorted(maps.Keys(mostFiles)) {
		paths, err := filepath.Glob(filepath.Join("..", folder, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		files := len(withoutTests(paths))
		if files > mostFiles[folder] {
			t.Errorf("%s holds %d files without tests, and at most %d are wanted", folder, files, mostFiles[folder])
		}
		table.row(folder, files, mostFiles[folder])
	}
	t.Log(table)
}

func withoutTests(paths []string) []string {
	return slices.DeleteFunc(paths, func(path string) bool { return strings.HasSuffix(path, "_test.go") })
}

// The plan in fences_test.go has no arrow between these. No later plan may have
// one: a room of agent is below agent, and a vault opens with any age identity.
func TestHouseKeepsApartWhatMustBe(t *testing.T) {
	imports := map[string][]string{}
	for _, s := range loadSources(t) {
		imports[module+"/"+s.room] = s.imports
	}
	for path := range imports {
		room := strings.TrimPrefix(path, module+"/")
		for to := range reached(path, imports) {
			to = strings.TrimPrefix(to, module+"/")
			if strings.HasPrefix(room, "agent/") && to == "agent" {
				t.Errorf("%s imports agent", room)
			}
			if under(room, "keystore") && under(to, "token") || under(room, "token") && under(to, "keystore") {
				t.Errorf("%s imports %s", room, to)
			}
		}
	}
}

func under(room, floor string) bool { return room == floor || strings.HasPrefix(room, floor+"/") }

// reached are our packages that the one at path imports, directly or not.
func reached(path string, imports map[string][]string) map[string]bool {
	seen := map[string]bool{}
	var visit func(string)
	visit = func(from string) {
		for _, to := range imports[from] {
			if _, ours := imports[to]; ours && !seen[to] {
				seen[to] = true
				visit(to)
			}
		}
	}
	visit(path)
	return seen
}

func TestHouseHasNoLongListOfParameters(t *testing.T) {
	table := newTable("function", "parameters beside ctx")
	over := 0
	for _, s := range loadSources(t) {
		for _, file := range s.files {
			for _, d := range file.Decls {
				f, ok := d.(*ast.FuncDecl)
				if !ok || s.fileOf(f.Pos()) == "" {
					continue
				}
				signature := s.info.Defs[f.Name].Type().(*types.Signature)
				if n := parametersOf(signature); n > mostParameters {
					over++
					table.row(s.room+"/"+s.fileOf(f.Pos())+" "+f.Name.Name, n)
				}
			}
		}
	}
	t.Log(over, "functions:", table)
	if over > functionsWithMore {
		t.Errorf("%d functions take more than %d parameters beside ctx, and at most %d may", over, mostParameters, functionsWithMore)
	}
}

func parametersOf(s *types.Signature) (n int) {
	for v := range s.Params().Variables() {
		if v.Type().String() != "context.Context" {
			n++
		}
	}
	return n
}

func TestHouseHasNoLongLine(t *testing.T) {
	table := newTable("line", "characters")
	over := 0
	for _, s := range loadSources(t) {
		paths, err := filepath.Glob(filepath.Join(s.dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range withoutTests(paths) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			number := 0
			for line := range strings.Lines(string(text)) {
				number++
				if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > longestLine {
					over++
					table.row(fmt.Sprintf("%s/%s:%d", s.room, filepath.Base(path), number), n)
				}
			}
		}
	}
	t.Log(over, "lines:", table)
	if over > longerLines {
		t.Errorf("%d lines are longer than %d characters, and at most %d may be", over, longestLine, longerLines)
	}
}

// table is figures for people.
type table struct {
	text  strings.Builder
	lines *tabwriter.Writer
}

func newTable(head ...any) *table {
	t := &table{}
	t.lines = tabwriter.NewWriter(&t.text, 0, 0, 2, ' ', 0)
	t.row(head...)
	return t
}

func (t *table) row(cells ...any) {
	for _, cell := range cells {
		fmt.Fprintf(t.lines, "%v\t", cell)
	}
	fmt.Fprintln(t.lines)
}

func (t *table) String() string {
	t.lines.Flush() //nolint:errcheck // into memory
	return "\n" + t.text.String()
}
