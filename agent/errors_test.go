package agent

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/internal/human"
	"github.com/mfad/mfad/keystore"
)

// The table is found by its source, so that a sentinel that somebody adds
// below without a code up here fails this test.
func TestEverySentinelBelowHasACode(t *testing.T) {
	mapped := make(map[string]bool)
	ast.Inspect(parseFile(t, "errors.go"), func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if pkg, ok := s.X.(*ast.Ident); ok {
				mapped[pkg.Name+"."+s.Sel.Name] = true
			}
		}
		return true
	})
	for _, room := range []string{"keystore", "keystore/keychain", "token", "token/totp", "credproc", "credproc/config", "credproc/flight"} {
		sentinels := sentinelsOf(t, filepath.Join("..", filepath.FromSlash(room)))
		if len(sentinels) == 0 {
			t.Errorf("%s declares no sentinel: has it moved?", room)
		}
		for _, name := range sentinels {
			if full := filepath.Base(room) + "." + name; !mapped[full] {
				t.Errorf("%s has no row in the table of errors.go", full)
			}
		}
	}
}

// sentinelsOf lists the exported variables named Err… of a package.
func sentinelsOf(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		for _, decl := range parseFile(t, file).Decls {
			vars, ok := decl.(*ast.GenDecl)
			if !ok || vars.Tok != token.VAR {
				continue
			}
			for _, spec := range vars.Specs {
				for _, name := range spec.(*ast.ValueSpec).Names {
					if strings.HasPrefix(name.Name, "Err") {
						names = append(names, name.Name)
					}
				}
			}
		}
	}
	return names
}

func parseFile(t *testing.T, name string) *ast.File {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func TestRefusalsCrossWithTheirCodeOnOneLine(t *testing.T) {
	for name, test := range map[string]struct {
		err  error
		want *wire.Error
		text string
	}{
		"a sentinel":       {fmt.Errorf("reading item: %w", keystore.ErrLocked), wire.ErrVaultLocked, "reading item: vault is locked"},
		"of AWS":           {&credproc.RefusalError{Op: "AssumeRole", Code: "AccessDenied", Message: "no\r\nway", RequestID: "1", Class: credproc.ErrDenied}, wire.ErrDenied, "AssumeRole: AccessDenied: no; way (request 1)"},
		"crossed already":  {fmt.Errorf("x: %w", wire.ErrNoKey), wire.ErrNoKey, "x: no such access key"},
		"a full disk":      {&fs.PathError{Op: "write", Path: "vault.json", Err: syscall.ENOSPC}, wire.ErrDisk, "write vault.json: " + syscall.ENOSPC.Error()},
		"a deadline":       {context.DeadlineExceeded, wire.ErrTimeout, "context deadline exceeded"},
		"anything else":    {errors.New("odd"), wire.ErrInternal, "odd"},
		"several at once":  {errors.Join(keystore.ErrWrongPassphrase, human.ErrNoPrompt), wire.ErrWrongPassphrase, "wrong passphrase or key; nobody to ask"},
		"terminal control": {errors.New("a\x1b[2Jb"), wire.ErrInternal, "a\ufffd[2Jb"},
	} {
		t.Run(name, func(t *testing.T) {
			got := cross(test.err)
			if !errors.Is(got, test.want) || got.Error() != test.text {
				t.Errorf("got %v %q, want %v %q", got.Code, got, test.want.Code, test.text)
			}
		})
	}
}
