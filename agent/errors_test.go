package agent

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/credproc/config"
	"github.com/mfad/mfad/internal/errcode"
	"github.com/mfad/mfad/internal/human"
	"github.com/mfad/mfad/keystore"
)

// A sentinel that somebody adds below without a code would reach a client as an
// internal error: all of them are found in the sources.
func TestEverySentinelBelowHasACode(t *testing.T) {
	for _, room := range []string{
		"internal/human", "keystore", "keystore/keychain", "token", "token/totp", "credproc", "credproc/config", "credproc/flight",
	} {
		sentinels := sentinelsOf(t, filepath.Join("..", filepath.FromSlash(room)))
		if len(sentinels) == 0 {
			t.Errorf("%s declares no sentinel: has it moved?", room)
		}
		for name, made := range sentinels {
			if made != "errcode.New" && made != "errcode.Vague" && made != "flight.ErrClosed" {
				t.Errorf("%s.%s is made by %s, and has no code", room, name, made)
			}
		}
	}
}

// sentinelsOf are the exported variables named Err… of a package, and what makes
// them.
func sentinelsOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	made := make(map[string]string)
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		ast.Inspect(parseFile(t, file), func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			for i, name := range spec.Names {
				if strings.HasPrefix(name.Name, "Err") && i < len(spec.Values) {
					made[name.Name] = maker(spec.Values[i])
				}
			}
			return false
		})
	}
	return made
}

// maker is the function that makes a value, or the name that it has elsewhere.
func maker(value ast.Expr) string {
	if call, ok := value.(*ast.CallExpr); ok {
		value = call.Fun
	}
	if s, ok := value.(*ast.SelectorExpr); ok {
		return s.X.(*ast.Ident).Name + "." + s.Sel.Name
	}
	return "something else"
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
		want errcode.Code
		text string
	}{
		"a sentinel":       {fmt.Errorf("reading item: %w", keystore.ErrLocked), errcode.VaultLocked, "reading item: vault is locked"},
		"of AWS":           {&credproc.RefusalError{Op: "AssumeRole", Code: "AccessDenied", Message: "no\r\nway", RequestID: "1", Class: credproc.ErrDenied}, errcode.Denied, "AssumeRole: AccessDenied: no; way (request 1)"},
		"crossed already":  {fmt.Errorf("x: %w", errcode.NoKey), errcode.NoKey, "x: no such access key"},
		"a full disk":      {&fs.PathError{Op: "write", Path: "vault.json", Err: syscall.ENOSPC}, errcode.Disk, "write vault.json: " + syscall.ENOSPC.Error()},
		"no descriptor":    {errors.Join(config.ErrBadConfig, &fs.PathError{Op: "open", Path: "a", Err: syscall.EMFILE}), errcode.NoFiles, "bad configuration; open a: " + syscall.EMFILE.Error()},
		"a folder":         {fmt.Errorf("locking lock: %w", &fs.PathError{Op: "open", Path: "lock", Err: syscall.EISDIR}), errcode.NotAFile, "locking lock: open lock: " + syscall.EISDIR.Error()},
		"a deadline":       {context.DeadlineExceeded, errcode.Timeout, "context deadline exceeded"},
		"anything else":    {errors.New("odd"), errcode.Internal, "odd"},
		"several at once":  {errors.Join(keystore.ErrWrongPassphrase, human.ErrNoPrompt), errcode.WrongPassphrase, "wrong passphrase or key; nobody to ask"},
		"terminal control": {errors.New("a\x1b[2Jb"), errcode.Internal, "a\ufffd[2Jb"},
	} {
		t.Run(name, func(t *testing.T) {
			got := cross(test.err)
			if !errors.Is(got, test.want) || got.Error() != test.text {
				t.Errorf("got %v %q, want %v %q", got.Code, got, test.want, test.text)
			}
		})
	}
}

func TestFolderInThePlaceOfTheLockIsTold(t *testing.T) {
	b := newBench(t)
	b.withVault(t)
	lock := filepath.Join(b.home.Vault, "lock")
	if err := errors.Join(b.Close(), os.Remove(lock), os.Mkdir(lock, 0o700)); err != nil {
		t.Fatal(err)
	}
	b.start(t)
	err := b.call(t, knows(passphrase), wire.MethodVaultUnlock, nil, nil)
	if !errors.Is(err, errcode.NotAFile) || !strings.Contains(err.Error(), lock) {
		t.Errorf("got %v, want that %s is a folder", err, lock)
	}
}
