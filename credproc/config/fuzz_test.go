package config

import (
	"errors"
	"strings"
	"testing"

	"github.com/mfad/mfad/credproc/config/syntax"
)

// FuzzConfig: no text makes the parser or the resolver panic, and every error is
// one line that names its place.
func FuzzConfig(f *testing.F) {
	f.Add("[default]\n[profile p]\nrole_arn = " + admin + "\nsource_profile = base\n")
	f.Add("[profile p]\ns3 =\n name = value\n\t \n name2 = value2\n[default]\n[services x]\nsts=\n endpoint_url=http://x\n")
	f.Add("[profile p]; a\r\nrole_arn\t=x # y\r\n -continued ; z\r\n\r\n#\r\nsource_profile=p")
	f.Add("#000\r")
	f.Add("[profile p]\n\nsource_profile =")
	f.Add("x\n [profile \"q\"] y\n  a: b\n  = c\n   d\n[profile q]\nx = \xff\n[profile 'a b'\ns3 =\n = b\n a\rb # \xfc\n")
	f.Add("[profile p]\n  s3 =\n    a = b\n  region = x\n  [default]\n")
	f.Fuzz(func(t *testing.T, text string) {
		creds := syntax.Read("K", []byte(text), syntax.Credentials)
		resolveAll(t, &Files{Mfad: creds, Config: creds, Credentials: creds, Getenv: anyAgent})
		doc, none := syntax.Read("C", []byte(text), syntax.Config), syntax.Read("none", nil, syntax.Config)
		resolveAll(t, &Files{Mfad: doc, Config: doc, Credentials: none, Getenv: anyAgent})

		strict, err := Parse("C", []byte(text), syntax.Config)
		var at *Error
		switch {
		case err != nil && (!errors.As(err, &at) || at.Line < 1 || !errors.Is(err, ErrBadConfig)):
			t.Fatalf("%v", err)
		case err != nil && len(doc.Faults) == 0:
			t.Fatalf("%v, and nobody is told when the file is served", err)
		case err == nil && !sameSettings(strict, doc):
			t.Fatal("both readers take the file, and not alike")
		}
	})
}

// sameSettings says that all that the strict reader takes of a file is served.
func sameSettings(strict, served *syntax.Document) bool {
	if len(strict.Sections) != len(served.Sections) || len(strict.Settings) != len(served.Settings) {
		return false
	}
	for i, s := range strict.Sections {
		if s.Kind != syntax.Ignored && !strict.Same(s, served, served.Sections[i]) {
			return false
		}
	}
	return true
}

// anyAgent is an environment by which every profile can be judged.
func anyAgent(name string) string {
	switch name {
	case "HOME":
		return "/"
	case "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY":
		return "-"
	}
	return ""
}

func resolveAll(t *testing.T, f *Files) {
	for _, doc := range []*syntax.Document{f.Mfad, f.Config} {
		for i, s := range doc.Sections {
			if s.Kind != syntax.Profile || i > 100 {
				continue
			}
			if chain, err := f.Resolve(Query{Profile: s.Name}); err == nil && len(chain.Steps) == 0 {
				t.Fatalf("%s: a chain without steps", s.Name)
			} else if err != nil && strings.ContainsAny(err.Error(), "\n\x00\x1b") {
				t.Fatalf("an error of more than a line: %q", err)
			}
		}
	}
}
