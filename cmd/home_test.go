package cmd_test

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/mfad/mfad/credproc/awstest"
)

// home is a person's account on this machine: a private HOME with a vault and an
// agent of its own, and an account at the stand-in AWS.
type home struct {
	testing.TB
	dir string
	env []string

	aws   *awstest.Server
	url   string
	alice *awstest.User
	key   awstest.Key
	phone awstest.Device
}

const passphrase = "correct horse battery staple"

// newHome is a machine on which nothing of mfad has run yet.
func newHome(tb testing.TB) *home {
	tb.Helper()
	dir, err := os.MkdirTemp("", "mfad") // short: a socket's path has 108 bytes
	if err != nil {
		tb.Fatal(err)
	}
	h := &home{TB: tb, dir: dir, aws: awstest.New(awstest.Options{})}
	h.env = []string{
		"HOME=" + dir, "PATH=" + os.Getenv("PATH"), "LANG=C.UTF-8",
		"AWS_EC2_METADATA_DISABLED=true", "AWS_REGION=eu-central-1",
	}
	server := httptest.NewServer(h.aws)
	h.url = server.URL
	tb.Cleanup(func() {
		stop := run(tb, h.env, "", program(tb, "mfad"), "agent", "stop")
		server.Close()
		if stop.code != 0 {
			tb.Errorf("stopping the agent: %v", stop)
		}
		if tb.Failed() {
			log, _ := os.ReadFile(filepath.Join(dir, ".local/state/mfad/agent.log"))
			tb.Logf("agent.log:\n%s", log)
		}
		if err := os.RemoveAll(dir); err != nil {
			tb.Error(err)
		}
	})
	h.alice = h.aws.AddUser("alice")
	h.key = must(h.alice.AddKey())(tb)
	h.phone = must(h.alice.AddDevice("phone"))(tb)
	return h
}

// must unwraps a pair, or fails the test.
func must[T any](v T, err error) func(testing.TB) T {
	return func(tb testing.TB) T {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
		return v
	}
}

// mfad runs the client.
func (h *home) mfad(stdin string, args ...string) result {
	h.Helper()
	return run(h.TB, h.env, stdin, program(h.TB, "mfad"), args...)
}

// do is mfad for a call that must succeed; it returns its standard output.
func (h *home) do(stdin string, args ...string) string {
	h.Helper()
	r := h.mfad(stdin, args...)
	if r.code != 0 {
		h.Fatalf("mfad %q: %v", args, r)
	}
	return r.stdout
}

// write puts a file into the home and returns its path.
func (h *home) write(name, content string) string {
	h.Helper()
	path := filepath.Join(h.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		h.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		h.Fatal(err)
	}
	return path
}

// path is where something of the home is.
func (h *home) path(name string) string { return filepath.Join(h.dir, name) }

// initVault makes a vault with a passphrase and a recovery key.
func (h *home) initVault() {
	h.Helper()
	h.do(passphrase+"\n", "init", "--keychain", "no", "--passphrase-stdin", "--recovery-file", h.path("recovery.txt"))
}

// importKey brings an access key in, and trusts it with the stand-in.
func (h *home) importKey(name string, key awstest.Key) {
	h.Helper()
	csv := h.write("keys.csv", fmt.Sprintf("Access key ID,Secret access key\r\n%s,%s\r\n", key.ID, key.Secret))
	h.do(passphrase+"\n", "key", "import", name, "--csv", csv, "--trust-endpoint", h.url, "--passphrase-stdin")
}

// addDevice brings a device's seed in.
func (h *home) addDevice(name string, d awstest.Device) {
	h.Helper()
	h.do(d.URI()+"\n", "device", "add", name, "--serial", d.Serial)
}

// addRole makes a role at AWS and the profile of that name; the trusted one is a user or role.
func (h *home) addRole(name string, trust awstest.Trust, flags ...string) string {
	h.Helper()
	arn := must(h.aws.AddRole(awstest.Role{Name: name, Trust: trust}))(h.TB)
	h.do("", append([]string{"profile", "add", name, "--role-arn", arn, "--endpoint-url", h.url}, flags...)...)
	return arn
}

// furnish is the main job's set-up: a vault, the key "base", the device
// "phone", the profiles "session" (GetSessionToken), "prod" (a role that
// wants MFA) and "deploy" (a second hop from prod's role).
func (h *home) furnish() *home {
	h.Helper()
	h.initVault()
	h.importKey("base", h.key)
	h.addDevice("phone", h.phone)
	h.addProfiles()
	return h
}

func (h *home) addProfiles() {
	h.Helper()
	h.do("", "profile", "add", "session", "--key", "base", "--mfa-serial", h.phone.Serial, "--endpoint-url", h.url)
	prod := h.addRole("prod", awstest.Trust{Principals: []string{h.alice.ARN}, MFA: true}, "--source", "base", "--mfa-serial", h.phone.Serial)
	h.addRole("deploy", awstest.Trust{Principals: []string{prod}}, "--source", "prod")
}
