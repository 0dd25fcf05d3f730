package edit

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/mfad/mfad/credproc/config"
	"github.com/mfad/mfad/credproc/config/syntax"
)

// FuzzEdits: a text that parses is written back as it was by an edit of nothing;
// adding a profile and removing it, and adopting one and releasing it, give the
// same bytes.
func FuzzEdits(f *testing.F) {
	for _, c := range edits {
		f.Add(c.config)
		f.Add(c.wantMfad)
	}
	f.Add("[profile p]\ns3 =\n name = value\n\t \n name2 = value2\n[default]\n[services x]\nsts=\n endpoint_url=http://x\n")
	f.Add("[profile p]; a\r\nrole_arn\t=x # y\r\n -continued ; z\r\n\r\n#\r\nsource_profile=p")
	f.Add("#000\r")
	f.Add("[profile p]\n\nsource_profile =")
	f.Fuzz(func(t *testing.T, text string) {
		doc, err := config.Parse("C", []byte(text), syntax.Config)
		if err != nil {
			return
		}
		none, err := config.Parse("none", nil, syntax.Config)
		if err != nil {
			t.Fatal(err)
		}
		if got := newEdit().apply(doc); !bytes.Equal(got, doc.Data) {
			t.Fatalf("an edit of nothing makes\n%q\nof\n%q", got, doc.Data)
		}
		tx := &transaction{profile: "p", old: &config.Files{Mfad: none, Config: doc, Credentials: none, Getenv: judgedBy}}
		if uneven(text) {
			return
		}
		addAndRemove(t, tx)
		adoptAndRelease(t, tx)
	})
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
	before, found := tx.old.Profile("p")
	if _, ok := before.Served(); ok {
		return
	}
	added, err := tx.addServed(p, "/usr/bin/mfad credentials --profile p")
	if errors.Is(err, config.ErrConflict) && found {
		return // another region, or declared twice
	}
	if err != nil {
		t.Fatal(err)
	}
	change := newEdit()
	back := &transaction{profile: "p", old: &config.Files{Mfad: tx.old.Mfad, Config: added, Credentials: tx.old.Credentials}}
	if !back.dropServed(change) {
		t.Fatalf("not found again in\n%q", added.Data)
	}
	removed, err := back.edited(added, change, syntax.Config)
	if err != nil {
		t.Fatal(err)
	}
	if !found && !bytes.Equal(removed.Data, tx.old.Config.Data) {
		t.Fatalf("added and removed\n%q\nwas\n%q", removed.Data, tx.old.Config.Data)
	}
}

func adoptAndRelease(t *testing.T, tx *transaction) {
	sec, found, err := tx.only(tx.old.Config)
	if !found || err != nil || len(movable(tx.old.Config, sec)) == 0 {
		return
	}
	if p, _ := tx.old.Profile("p"); p != nil {
		if _, ok := p.Served(); ok {
			return
		}
	}
	mfad, aws, err := tx.adopt(sec, movable(tx.old.Config, sec), "/usr/bin/mfad credentials --profile p")
	if err != nil {
		t.Fatal(err)
	}
	back := &transaction{profile: "p", old: &config.Files{Mfad: mfad, Config: aws, Credentials: tx.old.Credentials}}
	own, found, err := back.only(mfad)
	if !found || err != nil || !back.adopted(own) {
		t.Fatalf("adopted, and not found: %v\n%q", err, mfad.Data)
	}
	_, released, err := back.release(own)
	if err != nil {
		t.Fatal(err)
	}
	// A missing newline at the end cannot be kept behind an empty line.
	if got, want := string(released.Data), string(tx.old.Config.Data); got != want && trimEnding(got) != want {
		t.Fatalf("adopted and released\n%q\nwas\n%q", released.Data, tx.old.Config.Data)
	}
}
