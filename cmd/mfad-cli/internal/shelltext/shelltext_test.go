package shelltext

import (
	"os/exec"
	"testing"
)

// awkward are values that mean something to a shell.
var awkward = []string{
	"plain", "", "it's", `back\slash`, `\'`, "$HOME", "$(touch x)", "`id`", `"double"`,
	"a b;c|d&e", "*", "~", "!x", "#x", "ünïcode ‘curly’", "'; rm -rf x; '",
}

func TestQuotedValuesComeOutOfTheShellAsTheyWere(t *testing.T) {
	for _, shell := range []struct {
		dialect string
		command []string
		print   string
	}{
		{"sh", []string{"sh", "-c"}, `printf %s "$X"`},
		{"sh", []string{"bash", "-c"}, `printf %s "$X"`},
		{"sh", []string{"zsh", "-c"}, `printf %s "$X"`},
		{"sh", []string{"fish", "-c"}, `printf %s $X`},
		{"fish", []string{"fish", "-c"}, `printf %s $X`},
	} {
		if _, err := exec.LookPath(shell.command[0]); err != nil {
			t.Fatalf("install %s (make test does): %v", shell.command[0], err)
		}
		d, _ := Find(shell.dialect)
		for _, value := range awkward {
			out, err := exec.Command(shell.command[0], shell.command[1], d.set("X", value)+shell.print).Output()
			if err != nil || string(out) != value {
				t.Errorf("%s: %q came out as %q, %v", shell.command[0], value, out, err)
			}
		}
	}
}

func TestUnsetRemovesTheVariable(t *testing.T) {
	for _, shell := range []struct {
		dialect string
		command []string
	}{
		{"sh", []string{"sh", "-euc"}},
		{"sh", []string{"bash", "-euc"}},
		{"sh", []string{"zsh", "-euc"}},
		{"sh", []string{"fish", "-c"}},
		{"fish", []string{"fish", "-c"}},
	} {
		d, _ := Find(shell.dialect)
		script := d.set("X", "y") + d.set("Y", "z") + d.unset("X", "Y") + d.unset("Y", "X") + "env | grep -c '^[XY]=' || true"
		out, err := exec.Command(shell.command[0], append(shell.command[1:], script)...).CombinedOutput()
		if err != nil || string(out) != "0\n" {
			t.Errorf("%s in %s: %q, %v", shell.dialect, shell.command[0], out, err)
		}
	}
}

func TestPowerShellDoublesEverySingleQuote(t *testing.T) {
	if got, want := quotePowerShell("a'b‘c’d‚e‛$(f)"), "'a''b‘‘c’’d‚‚e‛‛$(f)'"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
