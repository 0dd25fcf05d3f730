package cmd_test

import (
	"cmp"
	"encoding/json"
	"errors"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// source is one of our packages as its files say it: parsed and type-checked
// for this platform, without its tests.
type source struct {
	room    string // the import path below the module; "" is the module itself
	dir     string
	imports []string
	files   []*ast.File
	fset    *token.FileSet
	pkg     *types.Package
	info    *types.Info
}

// listed is what go list says of a package. Export is the compiler's summary of
// it, which lets others that import it be checked without reading it again.
type listed struct {
	ImportPath, Dir, Export string
	Imports                 []string
	CompiledGoFiles         []string // with what cgo makes of its files
	Standard                bool
	Module                  *struct{ Main bool }
}

// sources are all packages of the module, loaded once a run.
var sources = sync.OnceValues(func() ([]*source, error) {
	cmd := exec.Command("go", "list", "-export", "-compiled", "-deps",
		"-json=ImportPath,Dir,Export,Imports,CompiledGoFiles,Standard,Module", module+"/...")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	var ours []listed
	exports := map[string]string{}
	for dec := json.NewDecoder(out); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, errors.Join(err, cmd.Wait())
		}
		exports[p.ImportPath] = p.Export
		if p.Module != nil && p.Module.Main {
			ours = append(ours, p)
		}
	}
	if err := cmd.Wait(); err != nil {
		return nil, err
	}
	return check(ours, exports)
})

// check reads our packages. It takes what they import from the compiler.
func check(ours []listed, exports map[string]string) ([]*source, error) {
	fset := token.NewFileSet()
	imports := importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })
	var all []*source
	for _, p := range ours {
		s := &source{
			room: strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/"),
			dir:  p.Dir, imports: p.Imports, fset: fset,
			info: &types.Info{Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{}},
		}
		for _, name := range p.CompiledGoFiles {
			if !filepath.IsAbs(name) {
				name = filepath.Join(p.Dir, name)
			}
			file, err := parser.ParseFile(fset, name, nil, parser.ParseComments)
			if err != nil {
				return nil, err
			}
			s.files = append(s.files, file)
		}
		config := types.Config{Importer: imports}
		var err error
		if s.pkg, err = config.Check(p.ImportPath, fset, s.files, s.info); err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// loadSources fails the test when a package cannot be read.
func loadSources(t *testing.T) []*source {
	t.Helper()
	all, err := sources()
	if err != nil {
		t.Fatalf("reading the module's packages: %v", err)
	}
	return all
}

// fileOf is the base name of the file that a person wrote, also where cgo made
// another of it; "" where nobody wrote it.
func (s *source) fileOf(pos token.Pos) string {
	p := s.fset.Position(pos)
	if filepath.Dir(p.Filename) != s.dir {
		return ""
	}
	return filepath.Base(p.Filename)
}

// needs tells for each file the files of the package whose declarations it
// uses: types, functions, methods, fields, constants and variables. A method
// needs the file of its type, for it names it.
func (s *source) needs() map[string]map[string]bool {
	needs := map[string]map[string]bool{}
	for _, f := range s.files {
		if name := s.fileOf(f.Package); name != "" {
			needs[name] = map[string]bool{}
		}
	}
	for ident, object := range s.info.Uses {
		if object.Pkg() != s.pkg {
			continue
		}
		from, to := s.fileOf(ident.Pos()), s.fileOf(object.Pos())
		if from != to && from != "" && to != "" {
			needs[from][to] = true
		}
	}
	return needs
}

// circle is the largest group of nodes that reach each other, by Tarjan's
// algorithm. A node that is in no circle is a group of its own.
func circle[K cmp.Ordered](needs map[K]map[K]bool) (largest []K) {
	index, low, on := map[K]int{}, map[K]int{}, map[K]bool{}
	var stack []K
	var visit func(K)
	visit = func(n K) {
		index[n] = len(index) + 1
		low[n] = index[n]
		stack, on[n] = append(stack, n), true
		for to := range needs[n] {
			if index[to] == 0 {
				visit(to)
				low[n] = min(low[n], low[to])
			} else if on[to] {
				low[n] = min(low[n], index[to])
			}
		}
		if low[n] != index[n] {
			return
		}
		start := len(stack) - 1
		for stack[start] != n {
			start--
		}
		if group := stack[start:]; len(group) > len(largest) {
			largest = append([]K(nil), group...)
		}
		for _, member := range stack[start:] {
			on[member] = false
		}
		stack = stack[:start]
	}
	for n := range needs {
		if index[n] == 0 {
			visit(n)
		}
	}
	return largest
}
