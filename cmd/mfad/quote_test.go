package main

import (
	"os/exec"
	"testing"
)

// awkward are values that a shell would do something with.
var awkward = []string{
	"plain", "", "it's", `back\slash`, `\'`, "$HOME", "$(touch x)", "`id`", `"double"`, "a b;c|d&e", "*", "~", "!x", "#x", "ünïcode ‘curly’", "'; rm -rf x; '",
}

func TestQuotedValuesComeOutOfTheShellAsTheyWere(t *testing.T) {
	for _, shell := range []struct {
		dialect string
		command []string
		print   string
	}{
		{"sh", []string{"sh", "-c"}, `printf %s "$X"`},
		{"sh", []string{"bash", "-c"}, `printf %s "$X"`},
		{"fish", []string{"fish", "-c"}, `printf %s $X`},
	} {
		if _, err := exec.LookPath(shell.command[0]); err != nil {
			t.Fatalf("install %s (make test does): %v", shell.command[0], err)
		}
		d, _ := findDialect(shell.dialect)
		for _, value := range awkward {
			out, err := exec.Command(shell.command[0], shell.command[1], d.set("X", value)+shell.print).Output()
			if err != nil || string(out) != value {
				t.Errorf("%s: %q came out as %q, %v", shell.command[0], value, out, err)
			}
		}
	}
}

func TestUnsetRemovesTheVariable(t *testing.T) {
	for shell, test := range map[string]struct{ dialect, count string }{
		"sh":   {"sh", `env | grep -c '^X=' || true`},
		"fish": {"fish", `env | grep -c '^X=' ; true`},
	} {
		d, _ := findDialect(test.dialect)
		out, err := exec.Command(shell, "-c", d.set("X", "y")+d.unset("X")+d.unset("X")+test.count).Output()
		if err != nil || string(out) != "0\n" {
			t.Errorf("%s: %q, %v", shell, out, err)
		}
	}
}

func TestPowerShellDoublesEverySingleQuote(t *testing.T) {
	if got, want := quotePowerShell("a'b‘c’d‚e‛$(f)"), "'a''b‘‘c’’d‚‚e‛‛$(f)'"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
