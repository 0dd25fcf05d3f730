package pinentry_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/mfad/mfad/agent/prompt/pinentry"
	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/human"
)

// polite greets, notes what it is told in its home, and answers each question
// with the next line of the file answers; \n in it is a line's end.
const polite = `echo OK Pleased to meet you
env > "$HOME/environment"
exec 3< "$HOME/answers"
while read -r line; do
	printf '%s\n' "$line" >> "$HOME/told"
	case $line in
	GETPIN|CONFIRM) read -r answer <&3; printf '%b\n' "$answer" ;;
	OPTION*|SET*) echo OK ;;
	BYE) echo OK; exit ;;
	*) echo ERR 536871187 Unknown IPC command ;;
	esac
done`

// newDouble writes a pinentry as a shell script, and gives its home.
func newDouble(t *testing.T, script string, answers ...string) (p *pinentry.Pinentry, home string) {
	t.Helper()
	home = t.TempDir()
	t.Setenv("HOME", home)
	program := filepath.Join(home, "pinentry")
	for path, text := range map[string]string{
		program: "#!/bin/sh\n" + script + "\n", filepath.Join(home, "answers"): strings.Join(answers, "\n") + "\n",
	} {
		if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return &pinentry.Pinentry{Program: program, Desktop: wire.Desktop{Display: ":7"}}, home
}

func lines(t *testing.T, path string) []string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(text)), "\n")
}

func TestNewSecretIsTypedTwiceUntilBothAreEqual(t *testing.T) {
	p, home := newDouble(t, polite, `D one\nOK`, `D two\nOK`, `D th%25%72ee\nD  more\nOK`, `# so\nS PIN_REPEATED\nD th%25ree more\nOK`)
	r, err := p.Ask(t.Context(), human.Question{Kind: human.Secret, What: `passphrase of vault "default"`, New: true})
	if err != nil || string(r.Text) != "th%ree more" {
		t.Errorf("got %q, %v", r.Text, err)
	}
	told := lines(t, filepath.Join(home, "told"))
	for _, want := range []string{"SETPROMPT new passphrase:", "SETPROMPT once more:", "SETERROR they differ", "SETKEYINFO --clear", "OPTION no-grab"} {
		if !slices.Contains(told, want) {
			t.Errorf("never told %q, but %q", want, told)
		}
	}
}

func TestLongTextsFitTheirLineAndHideNothing(t *testing.T) {
	p, home := newDouble(t, polite, `OK`)
	long := strings.Repeat("%ü\n<b>", 400)
	q := human.Question{Kind: human.Confirm, What: long, Profile: long, Asker: "aws " + long}
	if r, err := p.Ask(t.Context(), q); err != nil || !r.Yes {
		t.Errorf("got %+v, %v", r, err)
	}
	for _, line := range lines(t, filepath.Join(home, "told")) {
		if len(line) >= 1000 {
			t.Errorf("a line has %d bytes", len(line))
		}
		if strings.HasPrefix(line, "SETDESC") && !strings.Contains(line, "%0Aasked by: aws %25ü") {
			t.Errorf("who asks is not told: %q", line)
		}
	}
}

func TestAnythingButYesIsNo(t *testing.T) {
	for _, code := range []int{99, 114, 198, 5<<24 | 99, 5<<24 | 114} {
		p, _ := newDouble(t, polite, fmt.Sprintf("ERR %d no", code))
		if r, err := p.Ask(t.Context(), human.Question{Kind: human.Confirm, What: "sure?"}); err != nil || r.Yes {
			t.Errorf("%d: got %+v, %v", code, r, err)
		}
	}
}

func TestPinentryThatBreaksIsAnError(t *testing.T) {
	for name, row := range map[string]struct{ script, says string }{
		"dies at once":    {"exit 1", "it ended before it had an answer"},
		"dies greeted":    {"echo OK", "it ended before it had an answer"},
		"dies asked":      {strings.Replace(polite, "GETPIN|", "GETPIN) kill -9 $$ ;;\n", 1), "it ended before it had an answer"},
		"refuses to meet": {"echo ERR 83886246 no display; cat > /dev/null", "no display"},
		"nonsense":        {"echo hello; cat > /dev/null", "it does not answer as a pinentry does"},
		"endless":         {"while :; do printf 0123456789; done", "it does not answer as a pinentry does"},
		"long secret":     {strings.Replace(polite, "GETPIN|", "GETPIN) for i in 1 2 3 4 5 6; do printf 'D %0900d\\n' 7; done; echo OK ;;\n", 1), "it does not answer as a pinentry does"},
		"bad refusal":     {strings.Replace(polite, "GETPIN|", "GETPIN) echo ERR no ;;\n", 1), "it does not answer as a pinentry does"},
		"timed out":       {strings.Replace(polite, "GETPIN|", "GETPIN) echo ERR 83886142 Timeout ;;\n", 1), "nobody answered in time"},
		"asks back":       {strings.Replace(polite, "GETPIN|", "GETPIN) echo INQUIRE QUALITY x ;;\n", 1), "it does not answer as a pinentry does"},
	} {
		t.Run(name, func(t *testing.T) {
			p, _ := newDouble(t, row.script)
			r, err := p.Ask(t.Context(), pin)
			if err == nil || !strings.Contains(err.Error(), row.says) || r.Text != nil || errors.Is(err, human.ErrDismissed) {
				t.Errorf("got %+v, %v", r, err)
			}
		})
	}
}

// A pinentry that ignores everything, and what it started, end with the context.
func TestWithdrawnPinentryLeavesNoProcess(t *testing.T) {
	for name, script := range map[string]string{
		"before the greeting": "",
		"while it asks":       "echo OK; read -r a; echo OK; read -r a; echo OK;",
	} {
		t.Run(name, func(t *testing.T) {
			p, home := newDouble(t, `trap "" TERM INT HUP
mkfifo "$HOME/never"
sleep 1000 < "$HOME/never" & 
`+script+`
echo "$$ $!" > "$HOME/pids.new"; mv "$HOME/pids.new" "$HOME/pids"
exec 4<> "$HOME/never"; read -r line <&4`)
			gone := errors.New("the caller went away")
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			done := make(chan error, 1)
			go func() {
				_, err := p.Ask(ctx, pin)
				done <- err
			}()
			pids := filepath.Join(home, "pids")
			until(t, func() bool { _, err := os.Stat(pids); return err == nil })
			cancel(gone)
			if err := <-done; !errors.Is(err, gone) {
				t.Errorf("got %v", err)
			}
			for pid := range strings.FieldsSeq(lines(t, pids)[0]) {
				until(t, func() bool { return !runs(t, pid) })
			}
		})
	}
}

// until looks again and again: what it waits for tells nobody.
func until(t *testing.T, done func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	end := time.After(20 * time.Second)
	for !done() {
		select {
		case <-tick.C:
		case <-end:
			t.Fatal("it never came to pass")
		}
	}
}

func runs(t *testing.T, pid string) bool {
	t.Helper()
	if _, err := strconv.Atoi(pid); err != nil {
		t.Fatal(err)
	}
	stat, err := os.ReadFile("/proc/" + pid + "/stat")
	return err == nil && !strings.Contains(string(stat), ") Z ")
}

func TestPinentrySeesItsCallersDesktopAndLittleElse(t *testing.T) {
	t.Setenv("AWS_SECRET_ACCESS_KEY", "hush")
	t.Setenv("DISPLAY", ":99")
	t.Setenv("LD_PRELOAD", "")
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/the/agents")
	const path = "/usr/bin:/bin"
	t.Setenv("PATH", path)
	for name, row := range map[string]struct {
		at   wire.Desktop
		want []string
	}{
		"whole": {
			wire.Desktop{
				Display: "localhost:10.0", WaylandDisplay: "wayland-0", XAuthority: "/home/a b/.Xauthority",
				Bus: "unix:path=/run/user/1/bus", RuntimeDir: "/run/user/1", Lang: "de_CH.UTF-8",
			},
			[]string{
				"DISPLAY=localhost:10.0", "WAYLAND_DISPLAY=wayland-0", "XAUTHORITY=/home/a b/.Xauthority",
				"DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/1/bus", "XDG_RUNTIME_DIR=/run/user/1", "LANG=de_CH.UTF-8",
			},
		},
		"hostile": {
			wire.Desktop{
				Display: ":7", WaylandDisplay: "a\nLD_PRELOAD=x", XAuthority: "relative", Bus: "unixexec:path=/bin/evil",
				RuntimeDir: strings.Repeat("/x", 500), Lang: "../../etc",
			},
			[]string{"DISPLAY=:7", "DBUS_SESSION_BUS_ADDRESS=disabled:", "LANG=C.UTF-8"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			p, home := newDouble(t, polite, `D 1\nOK`)
			p.Desktop = row.at
			if _, err := p.Ask(t.Context(), pin); err != nil {
				t.Fatal(err)
			}
			got := slices.DeleteFunc(lines(t, filepath.Join(home, "environment")), func(entry string) bool {
				name, _, _ := strings.Cut(entry, "=")
				return slices.Contains([]string{"PWD", "_", "SHLVL", "OLDPWD", "USER", "LOGNAME", "TMPDIR"}, name) // the shell's, and ours
			})
			want := append([]string{"HOME=" + home, "PATH=" + path}, row.want...)
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("got %q, not %q", got, want)
			}
		})
	}
}

func TestFindSaysWhatIsMissing(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	at := wire.Desktop{WaylandDisplay: "wayland-0"}
	for told, says := range map[string]string{
		"":           "none of pinentry-mac, pinentry, ",
		"pinentry-x": "MFAD_PINENTRY says pinentry-x: ",
	} {
		if _, err := pinentry.Find(told, at, false); !errors.Is(err, pinentry.ErrNone) || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v", told, err)
		}
	}
}
