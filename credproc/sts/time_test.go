package sts_test

import (
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/mfad/mfad/credproc"
)

func TestTimeIsToldWithoutASignature(t *testing.T) {
	f := newFixture(t)
	f.SetSkew(-24 * time.Hour)
	if err := f.client.Time(t.Context()); err != nil {
		t.Fatal(err)
	}
	if skew := f.lastSkew(t); (skew + 24*time.Hour).Abs() > 2*time.Second {
		t.Errorf("observed %v", skew)
	}
	if sent := f.Journal(); len(sent) != 1 || sent[0].KeyID != "" || sent[0].Action != "" {
		t.Errorf("sent %+v", sent)
	}
}

// Whatever answers, its date is what counts; of an old answer it is none.
func TestTimeNeedsADate(t *testing.T) {
	for name, test := range map[string]struct {
		header http.Header
		status int
		want   error
	}{
		"a redirect":       {http.Header{"Location": {"https://aws.example/iam"}}, http.StatusFound, nil},
		"an outage":        {nil, http.StatusServiceUnavailable, nil},
		"no date":          {http.Header{"Date": {}}, http.StatusOK, credproc.ErrUnavailable},
		"a cache's answer": {http.Header{"Age": {"60"}}, http.StatusOK, credproc.ErrUnavailable},
	} {
		var asked *http.Request
		web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked = r
			maps.Copy(w.Header(), test.header)
			w.WriteHeader(test.status)
		}))
		observed := false
		err := dial(t, web.URL, func(time.Duration) { observed = true }).Time(t.Context())
		web.Close()
		if !errors.Is(err, test.want) || (err == nil) != (test.want == nil) || observed != (test.want == nil) {
			t.Errorf("%s: %v, observed %v", name, err, observed)
		}
		if asked.Method != http.MethodGet || asked.Header.Get("Authorization") != "" || asked.URL.RawQuery != "" {
			t.Errorf("%s: asked by %s %s, %v", name, asked.Method, asked.URL, asked.Header)
		}
	}
	if err := dial(t, "http://127.0.0.1:1", nil).Time(t.Context()); !errors.Is(err, credproc.ErrUnavailable) {
		t.Errorf("nobody there: %v", err)
	}
}
