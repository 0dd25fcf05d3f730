package machine

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/credproc/config"
)

const machineDocument = `{"Code":"Success","AccessKeyId":"ASIAIOSFODNN7EXAMPLE","SecretAccessKey":"s","Token":"t","Expiration":%q}`

// instance answers as an EC2 instance's metadata service, version 2, does.
func instance(expires time.Time) http.Handler {
	const roles = "/latest/meta-data/iam/security-credentials/"
	mux := http.NewServeMux()
	mux.HandleFunc("PUT /latest/api/token", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "21600")
		fmt.Fprint(w, "session")
	})
	guarded := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("X-Aws-Ec2-Metadata-Token") != "session" {
				http.Error(w, "no token", http.StatusUnauthorized)
				return
			}
			fmt.Fprint(w, body)
		}
	}
	mux.HandleFunc("GET "+roles, guarded("builder"))
	mux.HandleFunc("GET "+roles+"builder", guarded(fmt.Sprintf(machineDocument, expires.Format(time.RFC3339))))
	return mux
}

// give has the source of a kind make credentials.
func give(t *testing.T, kind config.StepKind) (credproc.Given, error) {
	t.Helper()
	for _, source := range Sources(os.Getenv) {
		if source.Kind() == kind {
			return source.Make(t.Context(), config.Step{Spec: config.Machine(kind)}, credproc.Identity{}, nil)
		}
	}
	t.Fatalf("no source for %s", kind)
	return credproc.Given{}, nil
}

func TestInstanceGivesItsCredentials(t *testing.T) {
	expires := time.Now().Add(30 * time.Minute).UTC().Truncate(time.Second)
	web := httptest.NewServer(instance(expires))
	defer web.Close()
	t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", web.URL)
	got, err := give(t, config.KindEC2)
	if err != nil {
		t.Fatal(err)
	}
	if got.AccessKeyID != "ASIAIOSFODNN7EXAMPLE" || got.SessionToken != "t" || !got.Expiration.Equal(expires) {
		t.Errorf("got %v until %v", got, got.Expiration)
	}
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	if _, err := give(t, config.KindEC2); !errors.Is(err, credproc.ErrUnavailable) {
		t.Errorf("switched off: %v", err)
	}
}

func TestContainerGivesItsCredentials(t *testing.T) {
	expires := time.Now().Add(30 * time.Minute).UTC().Truncate(time.Second)
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "pass" {
			http.Error(w, "{}", http.StatusForbidden)
			return
		}
		fmt.Fprintf(w, machineDocument, expires.Format(time.RFC3339))
	}))
	defer web.Close()
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("pass\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", web.URL)
	t.Setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", token)
	got, err := give(t, config.KindECS)
	if err != nil {
		t.Fatal(err)
	}
	if got.AccessKeyID != "ASIAIOSFODNN7EXAMPLE" || !got.Expiration.Equal(expires) {
		t.Errorf("got %v until %v", got, got.Expiration)
	}
}

func TestContainerIsAskedWhereNobodyListensIn(t *testing.T) {
	for name, test := range map[string]struct{ relative, full, want, says string }{
		"relative":      {"/v2/creds", "", "http://169.254.170.2/v2/creds", ""},
		"no slash":      {"v2", "", "http://169.254.170.2/v2", ""},
		"tls":           {"", "https://example.com/x", "https://example.com/x", ""},
		"loopback":      {"", "http://localhost:1/x", "http://localhost:1/x", ""},
		"eks":           {"", "http://[fd00:ec2::23]/x", "http://[fd00:ec2::23]/x", ""},
		"open":          {"", "http://example.com/x", "", "without https"},
		"no url":        {"", "example.com", "", "not a URL"},
		"nothing said":  {"", "", "", "was started without"},
		"another local": {"", "http://10.0.0.1/x", "", "without https"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := containerEndpoint(func(key string) string {
				return map[string]string{
					"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": test.relative,
					"AWS_CONTAINER_CREDENTIALS_FULL_URI":     test.full,
				}[key]
			})
			if got != test.want || (err != nil) != (test.says != "") || err != nil && !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}
