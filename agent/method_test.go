package agent

import (
	"context"
	"encoding/json"
	"go/ast"
	"go/token"
	"slices"
	"strings"
	"testing"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/errcode"
)

// Every method of the protocol's page is served, and no other.
func TestEveryMethodOfTheProtocolIsServed(t *testing.T) {
	declared := make(map[string]bool)
	ast.Inspect(parseFile(t, "wire/wire.go"), func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 || !strings.HasPrefix(spec.Names[0].Name, "Method") {
			return true
		}
		if value, ok := spec.Values[0].(*ast.BasicLit); ok && value.Kind == token.STRING {
			var name string
			if err := json.Unmarshal([]byte(value.Value), &name); err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(name, "prompt.") { // those go the other way
				declared[name] = true
			}
		}
		return true
	})
	if len(declared) < 20 {
		t.Fatalf("found %d methods: has the page moved?", len(declared))
	}
	methods := newBench(t).methods
	for name := range declared {
		if methods[name].do == nil {
			t.Errorf("%s is not served", name)
		}
	}
	for name := range methods {
		if !declared[name] {
			t.Errorf("%s is served and stands not on the protocol's page", name)
		}
	}
}

// Each row of the table says which line the method leaves in the audit file: a
// method that nobody has thought about is not served at all.
func TestMethodWithoutADecisionAboutItsAuditLineIsRefused(t *testing.T) {
	table := newBench(t).table()
	if _, err := checked(table); err != nil {
		t.Fatal(err)
	}
	table["made.up"] = method{do: quiet(func(context.Context, *request, none) (none, error) { return none{}, nil }).do}
	if _, err := checked(table); err == nil || !strings.Contains(err.Error(), "made.up") {
		t.Errorf("got %v", err)
	}
}

func TestParametersAreReadStrictly(t *testing.T) {
	b := newBench(t)
	for name, test := range map[string]struct{ method, params string }{
		"no such method":   {"vault.explode", `{}`},
		"unknown field":    {wire.MethodCode, `{"name":"x","time":1}`},
		"wrong type":       {wire.MethodCode, `{"name":7}`},
		"something behind": {wire.MethodCode, `{"name":"x"} {}`},
		"not base64":       {wire.MethodDeviceAdd, `{"seed":"hush!"}`},
		"none are taken":   {wire.MethodVaultLock, `{"really":true}`},
		"no object":        {wire.MethodCode, `"x"`},
	} {
		t.Run(name, func(t *testing.T) {
			text := b.refused(t, nobody, errcode.BadRequest, test.method, json.RawMessage(test.params))
			if strings.Contains(text, "hush") {
				t.Errorf("the refusal %q quotes a value", text)
			}
		})
	}
}

func TestStopEndsTheProgramAfterItsAnswer(t *testing.T) {
	b := newBench(t)
	b.must(t, nobody, wire.MethodStop, nil, nil)
	<-b.stopped
}

// takeTheirTime are methods that change nothing and may take long all the same.
var takeTheirTime = []string{wire.MethodTokenList, wire.MethodVaultVerify}

// What a client expects of a method stands in package wire, and the method here: a
// new one is decided about in both.
func TestClientsKnowTheMannerOfEachMethod(t *testing.T) {
	for name, m := range newBench(t).methods {
		quiet, slow := m.line == noLine, slices.Contains(takeTheirTime, name)
		if atOnce := quiet && !slow || name == wire.MethodVaultLock; wire.AsksNobody(name) != atOnce {
			t.Errorf("%s: clients take it that it is answered at once: %t", name, !atOnce)
		}
		harmless := name == wire.MethodVaultLock || name == wire.MethodVaultUnlock || name == wire.MethodCredentials
		if wire.Repeatable(name) && !quiet && !harmless {
			t.Errorf("%s: clients would do it twice", name)
		}
	}
}
