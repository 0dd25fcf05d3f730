package audit_test

import (
	"encoding/json"
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

func open(t *testing.T, path string) *audit.Log {
	t.Helper()
	return audit.New(audit.Options{FS: durable.OS, Path: path, Now: time.Now, Logger: slog.New(slog.DiscardHandler)})
}

func event(name string, err error) audit.Event {
	return audit.Event{What: "code", PID: 7, Asker: "zsh", Subject: audit.Subject{Name: name}, Err: err}
}

// lines are those of a file, each of which must be an object.
func lines(t *testing.T, path string) (all []map[string]any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for one := range strings.Lines(string(text)) {
		var fields map[string]any
		if err := json.Unmarshal([]byte(one), &fields); err != nil {
			t.Fatalf("%q: %v", one, err)
		}
		all = append(all, fields)
	}
	return all
}

// Nobody pushes out what was granted by asking for what is refused, however much of
// it, and however long what they ask for is.
func TestRefusalsPushOutNothingThatWasGranted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.log")
	log := open(t, path)
	if err := log.Write(t.Context(), event("phone", nil)); err != nil {
		t.Fatal(err)
	}
	for i := range 10_000 {
		long := strings.Repeat("x", 1000)
		if i == 0 {
			long = strings.Repeat("x", 60_000)
		}
		refused := event(long, errors.New(long))
		refused.Asker, refused.Role, refused.KeyID, refused.Action, refused.Tokens = long, long, long, long, []string{long, long}
		if err := log.Write(t.Context(), refused); err != nil {
			t.Fatal(err)
		}
	}
	if found := lines(t, path); len(found) != 1 || found[0]["profile"] != "phone" {
		t.Errorf("what was granted: %v", found)
	}
	for _, name := range []string{audit.RefusedPath(path), audit.RefusedPath(path) + ".1"} {
		if info, err := os.Stat(name); err != nil || info.Size() > 9<<20 {
			t.Errorf("%s: %v, %v", name, info.Size(), err)
		}
	}
	const mostLine = 4 << 10
	if one, err := json.Marshal(lines(t, audit.RefusedPath(path))[0]); err != nil || len(one) > mostLine {
		t.Errorf("a line of %d bytes", len(one))
	}
}

// Nobody pushes out what lasts by asking for what every process may have.
func TestHandoutsPushOutNothingThatLasts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.log")
	log := open(t, path)
	for _, name := range []string{"blue", "green"} {
		lasting := event(name, nil)
		lasting.Lasts = true
		if err := log.Write(t.Context(), lasting); err != nil {
			t.Fatal(err)
		}
		handout := event(strings.Repeat("x", 1000), nil)
		handout.Role = strings.Repeat("x", 1000)
		for range 20_000 {
			if err := log.Write(t.Context(), handout); err != nil {
				t.Fatal(err)
			}
		}
	}
	if found := lines(t, audit.LastingPath(path)); len(found) != 2 || found[0]["profile"] != "blue" || found[1]["profile"] != "green" {
		t.Errorf("what lasts: %v", found)
	}
	if info, err := os.Stat(path + ".1"); err != nil || info.Size() > 9<<20 {
		t.Errorf("the flood has set aside %v, %v", info, err)
	}
}

// What a terminal would obey, or the eye be turned by, does not get into a line, nor
// into what status shows.
// What is trusted from now on is told whole: a host ends where it ends.
func TestRouteIsToldToItsEnd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.log")
	trusted := event("base", nil)
	trusted.Action = "https://sts.amazonaws.com." + strings.Repeat("x.", 80) + "evil.example;proxy=http://p:3128;ca=sha256:" + strings.Repeat("0a", 32)
	if err := open(t, path).Write(t.Context(), trusted); err != nil {
		t.Fatal(err)
	}
	if told := lines(t, path)[0]["action"]; told != trusted.Action {
		t.Errorf("told %q", told)
	}
}

func TestForeignTextIsFitToBeShown(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.log")
	log := open(t, path)
	const evil = "ad\u202enim\u2066\u200b\x1b[2J\x00\ufeff\u2028"
	e := audit.Event{What: evil, Asker: evil, Subject: audit.Subject{Name: evil, Role: evil, KeyID: evil, Action: evil, Tokens: []string{evil}}}
	if err := log.Write(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	e.Err = errors.New(evil)
	if err := log.Write(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	var refusals audit.Refusals
	refusals.Add(time.Now(), evil+strings.Repeat("x", 60_000), errors.New(strings.Repeat(evil, 10_000)))
	last := refusals.List()[0]
	var text strings.Builder
	text.WriteString(last.Name + last.Text)
	for _, name := range []string{path, audit.RefusedPath(path)} {
		for key, value := range lines(t, name)[0] {
			text.WriteString(fmt.Sprint(key, value))
		}
	}
	for _, r := range "\u202e\u2066\u200b\x1b\x00\ufeff\u2028" {
		if strings.ContainsRune(text.String(), r) {
			t.Errorf("%U is left in %+q", r, text.String())
		}
	}
	if most := 6 << 10; len(text.String()) > most {
		t.Errorf("%d bytes", len(text.String()))
	}
}

// Whatever somebody does to the file of a log that is open, the next line is where
// it belongs, behind one that says what was done.
func TestFileThatWasMeddledWithIsNoticed(t *testing.T) {
	for what, meddle := range map[string]func(path string) error{
		"removed":  os.Remove,
		"replaced": func(path string) error { return errors.Join(os.Remove(path), os.WriteFile(path, nil, 0o600)) },
		"cut":      func(path string) error { return os.Truncate(path, 0) },
	} {
		path := filepath.Join(t.TempDir(), "audit.log")
		log := open(t, path)
		if err := errors.Join(log.Write(t.Context(), event("one", nil)), meddle(path), log.Write(t.Context(), event("two", nil))); err != nil {
			t.Fatal(err)
		}
		found := lines(t, path)
		if len(found) != 2 || found[0]["msg"] != "audit.lost" || !strings.Contains(fmt.Sprint(found[0]["why"]), what) || found[1]["profile"] != "two" {
			t.Errorf("%s: %v", what, found)
		}
		if told := log.Warnings(); len(told) != 1 || !strings.Contains(told[0], what) {
			t.Errorf("%s: warnings %q", what, told)
		}
	}

	path := filepath.Join(t.TempDir(), "audit.log")
	log := open(t, path)
	away := path + "-away"
	if err := errors.Join(log.Write(t.Context(), event("one", nil)), os.Rename(path, away), log.Write(t.Context(), event("two", nil))); err != nil {
		t.Fatal(err)
	}
	if old, now := lines(t, away), lines(t, path); len(old) != 1 || len(now) != 2 || now[1]["profile"] != "two" {
		t.Errorf("moved: %v and %v", old, now)
	}
}

func TestLineThatCannotBeWrittenIsAnError(t *testing.T) {
	for name, spoil := range map[string]func(path string) error{
		"folder":          func(path string) error { return os.Mkdir(path, 0o700) },
		"link to /dev":    func(path string) error { return os.Symlink("/dev/null", path) },
		"link to nothing": func(path string) error { return os.Symlink("missing", path) },
	} {
		beside := filepath.Join(t.TempDir(), "audit.log")
		path := audit.LastingPath(beside)
		if err := spoil(path); err != nil {
			t.Fatal(err)
		}
		log := open(t, beside)
		lasting := event("one", nil)
		lasting.Lasts = true
		for what, err := range map[string]error{
			"Write": log.Write(t.Context(), lasting),
			"Ask":   log.Ask(t.Context(), event("one", nil)),
		} {
			if !errors.Is(err, audit.ErrUnwritten) || !strings.Contains(err.Error(), path) {
				t.Errorf("%s: %s: %v", name, what, err)
			}
		}
		if told := log.Warnings(); len(told) != 1 || !strings.Contains(told[0], path) {
			t.Errorf("%s: warnings %q", name, told)
		}
		if err := errors.Join(os.Remove(path), log.Ask(t.Context(), event("one", nil))); err != nil || len(log.Warnings()) > 0 {
			t.Errorf("%s mended: %v, warnings %q", name, err, log.Warnings())
		}
	}
	path := filepath.Join(t.TempDir(), "audit.log")
	if err := os.Mkdir(audit.RefusedPath(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := open(t, path).Ask(t.Context(), event("one", nil)); !errors.Is(err, audit.ErrUnwritten) {
		t.Errorf("nothing can be asked for: %v", err)
	}
}
