package audit_test

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mfad/mfad/agent/audit"
	"github.com/mfad/mfad/internal/durable"
)

// dawn is when everything in these tests happens.
var dawn = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

func openAt(path string) *audit.Log {
	return audit.New(audit.Options{
		FS: durable.OS, Path: path, Now: func() time.Time { return dawn }, Logger: slog.New(slog.DiscardHandler),
	})
}

// A line has what there is to tell, and no field that is empty.
func TestLineHoldsTheEvent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.log")
	log := openAt(path)
	full := audit.Event{What: "credentials", PID: 7, Asker: "aws < zsh", Subject: audit.Subject{
		Name: "prod", Role: "arn:x", KeyID: "ASIA1", Action: "signed", Tokens: []string{"12", "34"},
	}}
	bare := audit.Event{What: "lock"}
	refused := bare
	refused.Err = errors.New("no")
	if err := errors.Join(log.Write(t.Context(), full), log.Write(t.Context(), bare),
		log.Ask(t.Context(), bare), log.Write(t.Context(), refused)); err != nil {
		t.Fatal(err)
	}
	const at = `{"time":"2026-03-04T05:06:07Z","msg":`
	for name, want := range map[string]string{
		path: at + `"credentials","verdict":"granted","pid":7,"asker":"aws < zsh","profile":"prod","role":"arn:x","key":"ASIA1",` +
			`"action":"signed","tokens":"12 34"}` + "\n" + at + `"lock","verdict":"granted"}` + "\n",
		filepath.Join(filepath.Dir(path), "audit-refused.log"): at + `"lock","verdict":"asked"}` + "\n" +
			at + `"lock","verdict":"refused","why":"no"}` + "\n",
	} {
		text, err := os.ReadFile(name)
		if string(text) != want || err != nil {
			t.Errorf("%s has %s, %v", name, text, err)
		}
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has the mode %v, %v", name, info.Mode(), err)
		}
	}
	if told := log.Warnings(); len(told) > 0 {
		t.Errorf("warnings %q", told)
	}
}

func TestLogKnowsWhenTheLastOneEnded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.log")
	if since := openAt(path).LastBefore(); !since.IsZero() {
		t.Errorf("without a file: %v", since)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if since := openAt(path).LastBefore(); !since.IsZero() {
		t.Errorf("with an empty one: %v", since)
	}
	if err := errors.Join(openAt(path).Write(t.Context(), event("one", nil)), os.Chtimes(path, dawn, dawn)); err != nil {
		t.Fatal(err)
	}
	log := openAt(path)
	if err := log.Write(t.Context(), event("two", nil)); err != nil {
		t.Fatal(err)
	}
	if since := log.LastBefore(); !since.Equal(dawn) {
		t.Errorf("with a line: %v", since)
	}
}

// The warnings keep the last of what others did, and whoever meddles without end
// fills no memory.
func TestWarningsAreBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.log")
	log := openAt(path)
	meddle := []func() error{
		func() error { return os.Remove(path) }, func() error { return os.Truncate(path, 0) },
		func() error { return os.Truncate(path, 0) }, func() error { return os.Truncate(path, 0) },
		func() error { return errors.Join(os.Remove(path), os.WriteFile(path, nil, 0o600)) },
	}
	for i, one := range meddle {
		if err := errors.Join(log.Write(t.Context(), event("x", nil)), one(), log.Write(t.Context(), event("y", nil))); err != nil {
			t.Fatal(err)
		}
		if told := log.Warnings(); len(told) != min(i+1, 4) {
			t.Errorf("after %d: %q", i+1, told)
		}
	}
	told := strings.Join(log.Warnings(), "\n")
	if strings.Contains(told, "removed") || strings.Count(told, "was cut") != 3 || !strings.Contains(told, "replaced") ||
		!strings.HasPrefix(told, "2026-03-04T05:06:07Z: audit.log was cut by another program") {
		t.Errorf("warnings:\n%s", told)
	}
}

func TestLastRefusalsAreKeptNewestFirst(t *testing.T) {
	var r audit.Refusals
	if got := r.List(); len(got) > 0 {
		t.Errorf("of none: %v", got)
	}
	for i := range audit.MostRefusals + 2 {
		r.Add(dawn.Add(time.Duration(i)), fmt.Sprint(i), errors.New("no"))
	}
	got := r.List()
	if len(got) != audit.MostRefusals {
		t.Fatalf("%d are kept", len(got))
	}
	last := audit.MostRefusals + 1
	if want := (audit.Refusal{At: dawn.Add(time.Duration(last)), Name: fmt.Sprint(last), Text: "no"}); got[0] != want || got[len(got)-1].Name != "2" {
		t.Errorf("the newest is %+v, the oldest %+v", got[0], got[len(got)-1])
	}
}
