package agent

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mfad/mfad/agent/ask"
	"github.com/mfad/mfad/agent/prompt/notify"
	"github.com/mfad/mfad/agent/prompt/pinentry"
	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/errcode"
	"github.com/mfad/mfad/internal/human"
)

// double is a pinentry: it answers by the file in its home that is named for
// the question, and notes all that it is told.
const double = `#!/bin/sh
echo OK
while read -r line; do
	printf '%s\n' "$line" >> "$HOME/told"
	case $line in
	GETPIN|CONFIRM) cat "$HOME/$line" ;;
	BYE) echo OK; exit ;;
	*) echo OK ;;
	esac
done
`

// withPinentry lets the service ask by the double on any desktop.
func (b *bench) withPinentry(t *testing.T, answers map[string]string) (told func() string) {
	t.Helper()
	home := t.TempDir()
	t.Setenv("HOME", home)
	program := filepath.Join(home, "pinentry")
	if err := os.WriteFile(program, []byte(double), 0o700); err != nil {
		t.Fatal(err)
	}
	for question, answer := range answers {
		if err := os.WriteFile(filepath.Join(home, question), []byte(answer), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	b.options.Desktop = func(at wire.Desktop) ask.DesktopPrompter {
		return struct {
			*pinentry.Pinentry
			*notify.Notifier
		}{&pinentry.Pinentry{Program: program, Desktop: at}, &notify.Notifier{Desktop: at}}
	}
	return func() string {
		text, err := os.ReadFile(filepath.Join(home, "told"))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		return string(text)
	}
}

// from calls a method as a client at a desktop does, and gives the refusal.
func (b *bench) from(t *testing.T, at *wire.Desktop, method string, params any) error {
	t.Helper()
	raw, err := json.Marshal(params)
	if err != nil {
		t.Fatal(err)
	}
	_, err = b.serve(t.Context(), nobody, wire.Call{V: wire.Protocol, Desktop: at, Params: raw}, method)
	return err
}

func TestCallerWithoutATerminalIsAskedOnItsDesktop(t *testing.T) {
	b := newBench(t)
	b.withVault(t)
	told := b.withPinentry(t, map[string]string{"GETPIN": "D " + passphrase + "\nOK\n"})
	if err := b.from(t, &wire.Desktop{Display: ":7"}, wire.MethodVaultVerify, nil); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`SETDESC mfad asks for the passphrase of vault "default"`, `asked by: "aws --hush hush"`, "%0Atime: 120 s to answer", "SETTIMEOUT 12", "SETPROMPT passphrase:", "BYE"} {
		if !strings.Contains(told(), want) {
			t.Errorf("the pinentry was not told %q but %q", want, told())
		}
	}
}

func TestNoOnTheDesktopIsANo(t *testing.T) {
	b := newBench(t)
	b.withVault(t)
	b.withPinentry(t, map[string]string{"GETPIN": "ERR 83886179 Operation cancelled <Pinentry>\n"})
	if err := b.from(t, &wire.Desktop{Display: ":7"}, wire.MethodVaultVerify, nil); !errors.Is(err, errcode.Dismissed) {
		t.Errorf("got %v", err)
	}
}

func TestNobodyToAskSaysWhatWasTried(t *testing.T) {
	b := newBench(t)
	b.withVault(t)
	told := b.withPinentry(t, map[string]string{"GETPIN": "HELLO\n"})
	for name, row := range map[string]struct {
		at   *wire.Desktop
		says string
		runs bool // a pinentry
	}{
		"no desktop":      {nil, "the caller has no terminal, and named no desktop that a pinentry could use", false},
		"empty desktop":   {&wire.Desktop{}, "the caller has no terminal, and no desktop that a pinentry could use: no pinentry: the caller has no display", false},
		"pinentry breaks": {&wire.Desktop{Display: ":7"}, "it does not answer as a pinentry does", true},
	} {
		t.Run(name, func(t *testing.T) {
			before := told()
			err := b.from(t, row.at, wire.MethodVaultVerify, nil)
			if !errors.Is(err, errcode.NoPrompt) || !strings.Contains(err.Error(), row.says) {
				t.Errorf("got %v", err)
			}
			if ran := told() != before; ran != row.runs {
				t.Errorf("a pinentry ran: %v, want %v; told %q", ran, row.runs, told())
			}
		})
	}
}

// chain is how the service asks for a call.
func (b *bench) chain(c conn, call wire.Call) *ask.Chain {
	chain := ask.New(c, ask.Options{TTY: call.TTY, At: call.Desktop, Open: b.options.Desktop})
	chain.About("prod")
	return chain
}

func TestConfirmationOnTheDesktopTellsWhoAsks(t *testing.T) {
	b := newBench(t)
	told := b.withPinentry(t, map[string]string{"CONFIRM": "OK\n"})
	a := b.chain(nobody, wire.Call{Desktop: &wire.Desktop{Display: ":7"}})
	defer a.Close()
	if yes, err := human.AskYes(t.Context(), a, "Try the PIN?"); err != nil || !yes {
		t.Errorf("got %v, %v", yes, err)
	}
	if want := `SETDESC Try the PIN?%0Aprofile: prod%0Aasked by: "aws --hush hush"`; !strings.Contains(told(), want) {
		t.Errorf("told %q", told())
	}
}

func TestCallerWithATerminalIsNotAskedOnADesktop(t *testing.T) {
	b := newBench(t)
	told := b.withPinentry(t, map[string]string{"GETPIN": "D x\nOK\n"})
	p := &person{secret: func(q human.Question) (string, bool) {
		return q.Token + "|" + q.Profile + "|" + q.Asker, false
	}}
	a := b.chain(p, wire.Call{TTY: true, Desktop: &wire.Desktop{Display: ":7"}})
	defer a.Close()
	got, err := human.AskSecret(t.Context(), a, human.Question{What: "PIN", Token: "YubiKey", Tries: 2})
	if want := `YubiKey|prod|` + a.Caller().Describe(); err != nil || string(got) != want {
		t.Errorf("got %q, %v, not %q", got, err, want)
	}
	if told() != "" {
		t.Errorf("the pinentry was told %q", told())
	}
}
