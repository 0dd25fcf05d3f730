package credproc_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/mfad/mfad/credproc"
)

func TestDocumentIsTheContracts(t *testing.T) {
	creds := credproc.Credentials{
		AccessKeyID: "ASIA1", SecretAccessKey: "s", SessionToken: "t", AccountID: account,
		Expiration: time.Date(2026, 11, 22, 8, 53, 32, 999, time.FixedZone("", 3600)),
	}
	want := `{"Version":1,"AccessKeyId":"ASIA1","SecretAccessKey":"s","SessionToken":"t","Expiration":"2026-11-22T07:53:32Z","AccountId":"123456789012"}` + "\n"
	if got := string(creds.Document()); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	short := `{"Version":1,"AccessKeyId":"ASIA1","SecretAccessKey":"s"}` + "\n"
	if got := string(credproc.Credentials{AccessKeyID: "ASIA1", SecretAccessKey: "s"}.Document()); got != short {
		t.Errorf("got  %s\nwant %s", got, short)
	}
}

func TestCredentialsPrintNoSecret(t *testing.T) {
	creds := credproc.Credentials{AccessKeyID: "ASIA1", SecretAccessKey: "hush", SessionToken: "hush"}
	for _, value := range []any{creds, &creds, credproc.Result{Credentials: creds}, []credproc.Credentials{creds}} {
		var printed bytes.Buffer
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			_, _ = fmt.Fprintf(&printed, verb, value)
		}
		slog.New(slog.NewTextHandler(&printed, nil)).Info("x", "creds", value)
		slog.New(slog.NewJSONHandler(&printed, nil)).Info("x", "creds", value)
		if err := json.NewEncoder(&printed).Encode(value); err != nil {
			t.Error(err)
		}
		if text := printed.String(); strings.Contains(text, "hush") || strings.Contains(text, "68757368") || !strings.Contains(text, "ASIA1") {
			t.Errorf("%T prints %s", value, text)
		}
	}
}

func TestRefusalsAreTheirClass(t *testing.T) {
	if err := refusal("AssumeRole", "AccessDenied", credproc.ErrDenied); !errors.Is(err, credproc.ErrDenied) {
		t.Errorf("%v is not ErrDenied", err)
	}
	for ahead, want := range map[time.Duration]string{
		0:                "AWS does not take the time of this machine's clock",
		time.Hour:        "this machine's clock is 1h0m0s ahead of AWS's",
		-5 * time.Minute: "this machine's clock is 5m0s behind AWS's",
	} {
		if err := error(&credproc.ClockError{Ahead: ahead}); err.Error() != want || !errors.Is(err, credproc.ErrClock) {
			t.Errorf("got %q, want %q", err, want)
		}
	}
}
