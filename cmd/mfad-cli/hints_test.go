package main

import (
	"bytes"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"testing"

	"github.com/mfad/mfad/agent/wire"
)

// wireCodes are the names of package wire's codes in their order, from its source.
func wireCodes(t *testing.T) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../../agent/wire/errors.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok {
			for _, name := range spec.Names {
				if strings.HasPrefix(name.Name, "Code") {
					names = append(names, name.Name)
				}
			}
		}
		return true
	})
	return names
}

func TestEveryCodeOfTheWireHasAnAdvice(t *testing.T) {
	names := wireCodes(t)
	if len(names) < 30 {
		t.Fatalf("found only %d codes", len(names))
	}
	for i, name := range names { // they count from 1 by iota
		a := adviceOn(int64(i + 1))
		if a.exit < exitError || a.exit > exitLater {
			t.Errorf("%s: exit code %d", name, a.exit)
		}
		if a.hint == noHint && name != "CodeBadRequest" && name != "CodeDismissed" {
			t.Errorf("%s: nothing is advised", name)
		}
		if a.hint != noHint && !strings.HasSuffix(a.hint, ".") && !strings.HasSuffix(a.hint, ").") {
			t.Errorf("%s: the hint is no sentence: %s", name, a.hint)
		}
	}
	if len(advices) != len(names)+1 { // there is no code 0
		t.Errorf("%d advices for %d codes", len(advices)-1, len(names))
	}
}

func TestReportIsOneLineAndAHint(t *testing.T) {
	for name, test := range map[string]struct {
		err     error
		subject string
		want    string
		exit    int
	}{
		"wire": {
			wire.Errorf(wire.ErrBadConfig, "config:3: what"), "prod",
			"mfad: error: config:3: what\nmfad: hint: Correct that setting, then check it with \"mfad profile show prod\".\n", exitUsage,
		},
		"wire, odd name": {
			wire.ErrBadConfig, "a b; rm",
			"mfad: error: bad configuration\nmfad: hint: Correct that setting, then check it with \"mfad profile show NAME\".\n", exitUsage,
		},
		"no hint":       {wire.ErrDismissed, "", "mfad: error: dismissed\n", exitPerson},
		"later version": {&wire.Error{Code: 9999, Message: "new"}, "", "mfad: error: new\nmfad: hint: Run \"mfad agent restart\".\n", exitAgent},
		"control":       {errors.New("a\x1b[2Jb\nc\u202e"), "", "mfad: error: a\ufffd[2Jb; c\ufffd\n", exitError},
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			if exit := reportError(&b, errorAbout(test.subject, test.err)); exit != test.exit {
				t.Errorf("exit %d, want %d", exit, test.exit)
			}
			if b.String() != test.want {
				t.Errorf("got %q, want %q", b.String(), test.want)
			}
		})
	}
}
