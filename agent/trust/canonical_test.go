package trust

import (
	"errors"
	"strings"
	"testing"

	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/internal/errcode"
)

func TestEndpointHasOneSpelling(t *testing.T) {
	for raw, want := range map[string]string{
		"https://sts.example.com":       "https://sts.example.com",
		"HTTPS://Sts.Example.com:443/":  "https://sts.example.com",
		"http://sts.example.com:80//":   "http://sts.example.com",
		"https://sts.example.com:80":    "https://sts.example.com:80",
		"https://sts.example.com:8443/": "https://sts.example.com:8443",
		"https://example.com/STS/%2F/":  "https://example.com/STS/%2F",
	} {
		if got, err := Canonical(raw); err != nil || got != want {
			t.Errorf("%s: got %q, %v", raw, got, err)
		}
	}
}

func TestWhatIsNoEndpointIsRefused(t *testing.T) {
	for _, raw := range []string{
		"", "sts.example.com", "ftp://sts.example.com", "https://", "https://:443", "https:sts.example.com",
		"https://me@sts.example.com", "https://sts.example.com?x=1", "https://sts.example.com#x", "https://a\x1b[2J.example",
	} {
		if got, err := Canonical(raw); !errors.Is(err, errcode.BadRequest) {
			t.Errorf("%q: got %q, %v", raw, got, err)
		}
	}
	if _, err := CanonicalAll([]string{"https://sts.example.com", "nowhere"}); !errors.Is(err, errcode.BadRequest) {
		t.Errorf("one of two: %v", err)
	}
}

// What is no route is refused before a person reads it: else a caller writes the
// question.
func TestWhatIsNoRouteIsRefused(t *testing.T) {
	sum := strings.Repeat("0a", 32)
	for _, r := range []credproc.Route{
		{Proxy: "http://p:1\nIt is safe."},
		{Proxy: "http://p:1\u202e"},
		{Proxy: "http://" + strings.Repeat("p", longest)},
		{CA: "zz\n\nclick Allow"},
		{CA: sum + ";proxy=http://p"},
		{CA: strings.ToUpper(sum)},
		{URL: "https://x.example", CA: sum[2:]},
	} {
		if err := Check(r); !errors.Is(err, errcode.BadRequest) {
			t.Errorf("%q: got %v", r, err)
		}
	}
	if err := Check(credproc.Route{URL: "https://x.example", Proxy: "http://p:3128", CA: sum}); err != nil {
		t.Error(err)
	}
}

// A person copies a proxy as their environment has it: its password goes nowhere.
func TestPasswordOfAURLIsNeitherKeptNorTold(t *testing.T) {
	for _, r := range []credproc.Route{
		{Proxy: "http://jo:hunter2@proxy.example:3128"},
		{Proxy: "jo:hunter2@proxy.example:3128"},
		{Proxy: "http://jo:hunt@er2@proxy.example:3128"},
		{URL: "https://jo:hunter2@sts.example.com"},
		{URL: "ftp://jo:hunter2@sts.example.com", Proxy: "http://jo:hunter2@proxy.example"},
	} {
		err := Check(r)
		if !errors.Is(err, errcode.BadRequest) {
			t.Fatalf("%q: %v", r, err)
		}
		for what, text := range map[string]string{"the error": err.Error(), "the log": Told(r)} {
			if strings.Contains(text, "jo") || strings.Contains(text, "hunt") || strings.Contains(text, "er2") {
				t.Errorf("%s says %s", what, text)
			}
		}
		if !strings.Contains(Told(r), "example") {
			t.Errorf("the log does not name the host: %s", Told(r))
		}
	}
}
