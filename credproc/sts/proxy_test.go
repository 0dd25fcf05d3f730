package sts_test

import (
	"crypto/sha256"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/credproc/config"
	"github.com/mfad/mfad/credproc/sts"
)

// targets are the hosts that the proxy was asked to connect to. Nothing leaves
// the machine: it refuses all of them.
var targets = make(chan string, 1)

// TestMain sets the proxy before net/http reads the environment, once and for
// all. Requests to loopback do not use it.
func TestMain(m *testing.M) {
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		targets <- r.Host
		w.WriteHeader(http.StatusBadGateway)
	}))
	for name, value := range map[string]string{
		"HTTPS_PROXY": proxy.URL, "https_proxy": "", "NO_PROXY": "", "no_proxy": "",
		// What an environment may say of endpoints and profiles is not ours to read.
		"AWS_ENDPOINT_URL": "http://" + "192.0.2.1", "AWS_ENDPOINT_URL_STS": "http://" + "192.0.2.1",
		"AWS_CONFIG_FILE": "/nonexistent", "AWS_REGION": "ap-south-1", "AWS_USE_FIPS_ENDPOINT": "true",
	} {
		if err := os.Setenv(name, value); err != nil {
			panic(err)
		}
	}
	code := m.Run()
	proxy.Close()
	os.Exit(code)
}

// dialled is where a request to an endpoint wants to connect.
func dialled(t *testing.T, place config.Endpoint) string {
	t.Helper()
	var d sts.Dialer
	t.Cleanup(d.Close)
	client, err := d.STS(place, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.GetSessionToken(t.Context(), credproc.Credentials{AccessKeyID: "AKIA", SecretAccessKey: "x"}, credproc.MFA{Serial: "s", Code: "123456"}, 0)
	if !errors.Is(err, credproc.ErrUnsent) || !errors.Is(err, credproc.ErrUnavailable) {
		t.Errorf("got %v from a proxy that refuses, want unsent and unavailable", err)
	}
	return <-targets
}

// Whoever has a hand in the way to AWS is part of the route, which has to be
// trusted; AWS's own endpoint without one is no route to ask about.
func TestRouteTellsWhoHasAHandInIt(t *testing.T) {
	bundle := filepath.Join(t.TempDir(), "ca.pem")
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(bundle, text, 0o600); err != nil {
		t.Fatal(err)
	}
	proxy := os.Getenv("HTTPS_PROXY")
	hash := fmt.Sprintf("%x", sha256.Sum256(text))
	for name, row := range map[string]struct {
		url, bundle string
		want        credproc.Route
	}{
		"AWS by the proxy":       {"", "", credproc.Route{Proxy: proxy}},
		"AWS, proxy and bundle":  {"", bundle, credproc.Route{Proxy: proxy, CA: hash}},
		"loopback uses no proxy": {"http://127.0.0.1:1", "", credproc.Route{URL: "http://127.0.0.1:1"}},
	} {
		var d sts.Dialer
		client, err := d.STS(config.Endpoint{
			Region: config.Value{Text: "eu-central-1"}, URL: config.Value{Text: row.url}, CABundle: config.Value{Text: row.bundle},
		}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := client.Route(); got != row.want {
			t.Errorf("%s: got %+v, want %+v", name, got, row.want)
		}
		d.Close()
	}
}
