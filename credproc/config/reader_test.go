package config

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// Whatever changes of a file (its content in place, its time alone, or the file
// under its name), the next one who asks sees it.
func TestReaderTellsAFileByItsPlaceLengthAndTime(t *testing.T) {
	const before, after, longer = "[default]\nregion = eu-west-1\n", "[default]\nregion = eu-west-2\n", "[default]\nregion = eu-south-2\n"
	for name, change := range map[string]func(file string) (want string, err error){
		"in place, of another length": func(file string) (string, error) {
			if err := os.WriteFile(file, []byte(longer), 0o600); err != nil {
				return "", err
			}
			return "eu-south-2", os.Chtimes(file, testTime, testTime)
		},
		"in place, at another time": func(file string) (string, error) {
			if err := os.WriteFile(file, []byte(after), 0o600); err != nil {
				return "", err
			}
			return "eu-west-2", os.Chtimes(file, testTime, testTime.Add(time.Second))
		},
		"replaced by one of the same length and time": func(file string) (string, error) {
			other := filepath.Join(filepath.Dir(file), "other")
			if err := os.WriteFile(other, []byte(after), 0o600); err != nil {
				return "", err
			}
			if err := os.Chtimes(other, testTime, testTime); err != nil {
				return "", err
			}
			return "eu-west-2", os.Rename(other, file)
		},
		"removed": func(file string) (string, error) { return "", os.Remove(file) },
	} {
		t.Run(name, func(t *testing.T) {
			r := setup(t, "", before, "", nil)
			region := func() string {
				f, err := r.Files()
				if err != nil {
					t.Fatal(err)
				}
				p, _ := f.Profile("default")
				v, _ := p.Setting(KeyRegion)
				return v.Text
			}
			file := r.Paths().Config
			if err := os.Chtimes(file, testTime, testTime); err != nil {
				t.Fatal(err)
			}
			if got := region(); got != "eu-west-1" {
				t.Fatalf("got %q", got)
			}
			want, err := change(file)
			if err != nil {
				t.Fatal(err)
			}
			if got := region(); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

func TestWordsAreAShells(t *testing.T) {
	for line, want := range map[string][]string{
		"":                       nil,
		" a \t b\n":              {"a", "b"},
		`a '' "" b`:              {"a", "", "", "b"},
		`'a b' "c d" e\ f`:       {"a b", "c d", "e f"},
		`'a\b' "a\"b" x'y'"z"`:   {`a\b`, `a"b`, "xyz"},
		`'a "b" c' "d 'e' f"`:    {`a "b" c`, "d 'e' f"},
		`/x/mfad  credentials  `: {"/x/mfad", "credentials"},
	} {
		if got := SplitWords(line); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
}

// An endpoint is a plain URL, and what is wrong with one is told without quoting
// it, for it may hold a password.
func TestEndpointIsAPlainURL(t *testing.T) {
	for url, ok := range map[string]bool{
		"https://sts.test": true, "http://127.0.0.1:8080/base/": true, "https://[::1]:8443": true,
		"ftp://sts.test": false, "sts.test": false, "https://": false, "https://:443": false, "https://jo:hush@sts.test": false,
		"https://sts.test?hush": false, "https://sts.test#hush": false, "https://sts.test/%zz": false, "https://sts\x01.test": false,
	} {
		chain, err := setup(t, "[profile p]\nmfad_access_key = k\nendpoint_url = "+url+"\n", "", "", nil).Resolve(Query{Profile: "p"})
		switch {
		case ok && (err != nil || chain.Steps[1].Exchange().Endpoint.URL.Text != url):
			t.Errorf("%s: %v", url, err)
		case !ok && (err == nil || !strings.Contains(err.Error(), ":3: endpoint_url is not a plain URL") || strings.Contains(err.Error(), "hush")):
			t.Errorf("%s: %v", url, err)
		}
	}
}
