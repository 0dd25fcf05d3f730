package sts_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
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
