package config

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

// FuzzConfig: no text makes the parser panic; a text that parses is written
// back as it was by an edit of nothing; adding a profile and removing it, and
// adopting one and releasing it, give the same bytes.
func FuzzConfig(f *testing.F) {
	for _, c := range edits {
		f.Add(c.config)
		f.Add(c.wantMfad)
	}
	f.Add("[profile p]\ns3 =\n name = value\n\t \n name2 = value2\n[default]\n[services x]\nsts=\n endpoint_url=http://x\n")
	f.Add("[profile p]; a\r\nrole_arn\t=x # y\r\n -continued ; z\r\n\r\n#\r\nsource_profile=p")
	f.Add("#000\r")
	f.Add("[profile p]\n\nsource_profile =")
	f.Fuzz(func(t *testing.T, text string) {
		if creds, err := parse("K", []byte(text), credentialsFile); err == nil {
			resolveAll(t, &files{mfad: creds, config: creds, credentials: creds, getenv: editorEnv})
		}
		doc, err := parse("C", []byte(text), configFile)
		if err != nil {
			var at *Error
			if !errors.As(err, &at) || at.Line < 1 || !errors.Is(err, ErrBadConfig) {
				t.Fatalf("%v", err)
			}
			return
		}
		none, err := parse("none", nil, configFile)
		if err != nil {
			t.Fatal(err)
		}
		resolveAll(t, &files{mfad: doc, config: doc, credentials: none, getenv: editorEnv})
		if got := doc.apply(newEdit()); !bytes.Equal(got, doc.data) {
			t.Fatalf("an edit of nothing makes\n%q\nof\n%q", got, doc.data)
		}
		tx := &transaction{profile: "p", old: &files{mfad: none, config: doc, credentials: none, getenv: editorEnv}}
		if uneven(text) {
			return
		}
		addAndRemove(t, tx)
		adoptAndRelease(t, tx)
	})
}

func resolveAll(t *testing.T, f *files) {
	for _, doc := range []*document{f.mfad, f.config} {
		for i, s := range doc.sections {
			if s.kind != profileSection || i > 100 {
				continue
			}
			if chain, err := f.resolve(Query{Profile: s.name}); err == nil && len(chain.Steps) == 0 {
				t.Fatalf("%s: a chain without steps", s.name)
			} else if err != nil && strings.ContainsAny(err.Error(), "\n\x00\x1b") {
				t.Fatalf("an error of more than a line: %q", err)
			}
		}
	}
}

// uneven: lines end in more than one way, so that an edit at the end cannot
// know how the last one would.
func uneven(text string) bool {
	crlf := strings.Count(text, "\r\n")
	return crlf > 0 && crlf != strings.Count(text, "\n") || strings.HasSuffix(text, "\r")
}

func addAndRemove(t *testing.T, tx *transaction) {
	p := NewProfile{Name: "p", Region: "eu-west-1"}
	if tx.vacant() != nil {
		return
	}
	before, found := tx.old.profile("p")
	if _, ok := before.served(); ok {
		return
	}
	added, err := tx.addServed(p, "/usr/bin/mfad credentials --profile p")
	if errors.Is(err, ErrConflict) && found {
		return // another region, or declared twice
	}
	if err != nil {
		t.Fatal(err)
	}
	change := newEdit()
	back := &transaction{profile: "p", old: &files{mfad: tx.old.mfad, config: added, credentials: tx.old.credentials}}
	if !back.dropServed(change) {
		t.Fatalf("not found again in\n%q", added.data)
	}
	removed, err := back.edited(added, change, configFile)
	if err != nil {
		t.Fatal(err)
	}
	if !found && !bytes.Equal(removed.data, tx.old.config.data) {
		t.Fatalf("added and removed\n%q\nwas\n%q", removed.data, tx.old.config.data)
	}
}

func adoptAndRelease(t *testing.T, tx *transaction) {
	sec, found, err := tx.only(tx.old.config)
	if !found || err != nil || len(tx.movable(sec)) == 0 {
		return
	}
	if p, _ := tx.old.profile("p"); p != nil {
		if _, ok := p.served(); ok {
			return
		}
	}
	mfad, config, err := tx.adopt(sec, tx.movable(sec), "/usr/bin/mfad credentials --profile p")
	if err != nil {
		t.Fatal(err)
	}
	back := &transaction{profile: "p", old: &files{mfad: mfad, config: config, credentials: tx.old.credentials}}
	own, found, err := back.only(mfad)
	if !found || err != nil || !back.adopted(own) {
		t.Fatalf("adopted, and not found: %v\n%q", err, mfad.data)
	}
	_, released, err := back.release(own)
	if err != nil {
		t.Fatal(err)
	}
	// A missing newline at the end cannot be kept behind an empty line.
	if got, want := string(released.data), string(tx.old.config.data); got != want && trimEnding(got) != want {
		t.Fatalf("adopted and released\n%q\nwas\n%q", released.data, tx.old.config.data)
	}
}
