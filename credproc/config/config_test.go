package config

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mfad/mfad/credproc/config/syntax"
)

// setup writes the three files of a home, those that are not empty, and gives
// their reader.
func setup(t testing.TB, mfad, config, credentials string, env map[string]string) *Reader {
	t.Helper()
	home := t.TempDir()
	aws := filepath.Join(home, ".aws")
	paths := Paths{filepath.Join(home, ".config", "mfad", "profiles"), filepath.Join(aws, "config"), filepath.Join(aws, "credentials")}
	for name, text := range map[string]string{paths.Mfad: mfad, paths.Config: config, paths.Credentials: credentials} {
		if text == "" {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return NewReader(paths, func(name string) string { return env[name] })
}

// contents is the merged view of AWS's two files that the published cases tell.
func contents(f *Files, kind syntax.Kind) map[string]map[string]string {
	out := map[string]map[string]string{}
	for _, doc := range []*syntax.Document{f.Config, f.Credentials} {
		for _, sec := range doc.Sections {
			if sec.Kind != kind {
				continue
			}
			if out[sec.Name] == nil {
				out[sec.Name] = map[string]string{}
			}
			for _, s := range doc.SettingsOf(sec) {
				name := strings.ToLower(string(doc.Key(s)))
				if found, ok := doc.Lookup(doc.Find(kind, sec.Name), name); ok && syntax.IsIdentifier([]byte(name)) {
					out[sec.Name][name] = string(doc.Value(found))
				}
			}
		}
	}
	return out
}

// parsed are AWS's two files as the strict parser takes them.
func parsed(config, credentials string) (*Files, error) {
	c, err := Parse("C", []byte(config), syntax.Config)
	if err != nil {
		return nil, err
	}
	k, err := Parse("K", []byte(credentials), syntax.Credentials)
	return &Files{Config: c, Credentials: k}, err
}

func TestParserMeetsPublishedCases(t *testing.T) {
	data, err := os.ReadFile("testdata/profile-parser-tests.json")
	if err != nil {
		t.Fatal(err)
	}
	var suite struct {
		Tests []struct {
			Name  string
			Input struct{ ConfigFile, CredentialsFile string }
			// Output is an error or the profiles.
			Output struct {
				ErrorContaining string
				Config          struct {
					Profiles    map[string]map[string]string
					SSOSessions map[string]map[string]string `json:"sso_sessions"`
				}
			}
		}
	}
	if err := json.Unmarshal(data, &suite); err != nil {
		t.Fatal(err)
	}
	if len(suite.Tests) != 65 {
		t.Fatalf("%d cases, want 65", len(suite.Tests))
	}
	for i, c := range suite.Tests {
		t.Run(fmt.Sprintf("%02d %s", i+1, c.Name), func(t *testing.T) {
			f, err := parsed(c.Input.ConfigFile, c.Input.CredentialsFile)
			if want := c.Output.ErrorContaining; want != "" {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Fatalf("error %v, want %q", err, want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.Output.Config.Profiles, contents(f, syntax.Profile)); diff != "" {
				t.Errorf("profiles (-want +got):\n%s", diff)
			}
			sessions := contents(f, syntax.SSOSession)
			if len(sessions)+len(c.Output.Config.SSOSessions) > 0 {
				if diff := cmp.Diff(c.Output.Config.SSOSessions, sessions); diff != "" {
					t.Errorf("sso sessions (-want +got):\n%s", diff)
				}
			}
		})
	}
}
