package cmd_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mfad/mfad/credproc/awstest"
)

// agentPID is the process that answers now.
func (h *home) agentPID() int {
	h.Helper()
	var status struct{ PID int }
	if err := json.Unmarshal([]byte(h.do("", "status", "--json")), &status); err != nil {
		h.Fatal(err)
	}
	return status.PID
}

// killAgent kills the agent as the kernel does when memory is short.
func (h *home) killAgent() {
	h.Helper()
	agent := must(os.FindProcess(h.agentPID()))(h.TB)
	if err := agent.Kill(); err != nil {
		h.Fatal(err)
	}
}

func (h *home) unlock() {
	h.Helper()
	h.do(passphrase+"\n", "unlock", "--passphrase-stdin")
}

// expect is a refusal: its exit code, and words of its error and hint.
func expect(tb testing.TB, r result, code int, words ...string) {
	tb.Helper()
	if r.code != code {
		tb.Errorf("exit code %d, want %d: %v", r.code, code, r)
	}
	if r.stdout != "" {
		tb.Errorf("words on standard output: %v", r)
	}
	lines := strings.Split(strings.TrimSuffix(r.stderr, "\n"), "\n")
	if len(lines) != 2 || !strings.HasPrefix(lines[0], "mfad: error: ") || !strings.HasPrefix(lines[1], "mfad: hint: ") {
		tb.Errorf("want one line of error and one of hint: %v", r)
	}
	for _, w := range words {
		if !strings.Contains(r.stderr, w) {
			tb.Errorf("no word of %q: %v", w, r)
		}
	}
}

func TestAgentKilledInMidRequestLosesNothing(t *testing.T) {
	t.Parallel()
	h := newHome(t).furnish()
	release := h.aws.Hold()
	defer release()
	asked := make(chan result)
	go func() { asked <- h.mfad("", "credentials", "--profile", "prod") }()
	if err := h.aws.Await(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	h.killAgent()
	// It is asked again, of a new agent, whose vault is closed.
	expect(t, <-asked, 3, "passphrase", "mfad unlock")

	release()
	h.unlock()
	h.do("", "credentials", "--profile", "prod")
	codes := sentCodes(h.aws)
	for i, c := range codes {
		if i > 0 && c == codes[i-1] {
			t.Errorf("code sent twice, before and after the crash")
		}
	}
	if faults := h.do("", "vault", "verify"); strings.Contains(faults, "fault:") {
		t.Errorf("vault verify: %s", faults)
	}
}

func TestClientWithoutAgentSaysWhatToInstall(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	alone := filepath.Join(h.dir, "mfad")
	for _, name := range []string{"mfad", "mfad-cli"} {
		copyProgram(t, program(t, name), filepath.Join(h.dir, name))
	}
	env := []string{"HOME=" + h.dir, "PATH=/nonexistent"}
	expect(t, run(t, env, "", alone, "credentials", "--profile", "prod"), 6, "mfad-agent")
}

func TestLockedVaultStaysLockedUntilUnlock(t *testing.T) {
	t.Parallel()
	h := newHome(t).furnish()
	h.do("", "credentials", "--profile", "prod")
	h.do("", "lock")
	expect(t, h.mfad("", "credentials", "--profile", "prod"), 3, "locked", "mfad unlock")
	expect(t, h.mfad("wrong\nwrong\nwrong\n", "unlock", "--passphrase-stdin"), 3, "passphrase")
	h.unlock()
	h.do("", "credentials", "--profile", "prod")
}

func TestCallersEnvironmentChoosesNoEndpoint(t *testing.T) {
	t.Parallel()
	h := newHome(t).furnish()
	evil := newHome(t)
	env := append(h.env,
		"AWS_ENDPOINT_URL="+evil.url, "AWS_ENDPOINT_URL_STS="+evil.url, "HTTP_PROXY="+evil.url, "HTTPS_PROXY="+evil.url,
		"AWS_CONFIG_FILE="+evil.path("config"), "AWS_CA_BUNDLE="+evil.path("ca.pem"), "AWS_PROFILE=evil", "AWS_STS_REGIONAL_ENDPOINTS=legacy")
	for range 2 { // with an agent that runs, and with one that this call starts
		r := run(t, env, "", program(t, "mfad"), "credentials", "--profile", "prod")
		if r.code != 0 {
			t.Fatal(r)
		}
		h.do("", "agent", "stop")
		if r := run(t, env, passphrase+"\n", program(t, "mfad"), "unlock", "--passphrase-stdin"); r.code != 0 {
			t.Fatal(r)
		}
	}
	if n := len(evil.aws.Journal()); n != 0 {
		t.Errorf("%d requests went where the caller's environment said", n)
	}
}

func TestEndpointThatNobodyTrustsGetsNoCode(t *testing.T) {
	t.Parallel()
	h := newHome(t).furnish()
	evil := newHome(t)
	h.do("", "profile", "add", "elsewhere", "--source", "base", "--role-arn", "arn:aws:iam::123456789012:role/prod",
		"--mfa-serial", h.phone.Serial, "--endpoint-url", evil.url)
	expect(t, h.mfad("", "credentials", "--profile", "elsewhere"), 3, evil.url, "mfad key trust")
	if n := len(evil.aws.Journal()); n != 0 {
		t.Errorf("%d requests went to an endpoint that nobody trusts", n)
	}
}

func TestClockAnHourOffSaysByHowMuch(t *testing.T) {
	t.Parallel()
	h := newHome(t).furnish()
	h.aws.SetSkew(-3600e9)
	expect(t, h.mfad("", "credentials", "--profile", "prod"), 5, "1h0m0s ahead")
}

func TestWrongSeedIsRefusedInPlainWords(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.initVault()
	h.importKey("base", h.key)
	other := must(h.aws.AddUser("bob").AddDevice("bob"))(t)
	other.Serial = h.phone.Serial
	h.addDevice("phone", other)
	h.addProfiles()
	expect(t, h.mfad("", "credentials", "--profile", "prod"), 5, "code", h.phone.Serial)
	for _, e := range h.aws.Journal() {
		if e.Verdict == awstest.OK {
			t.Errorf("%s was granted", e.Action)
		}
	}
}

// AWS can end a session before its time; the role after it is made of a new one.
func TestSessionThatAWSRevokedIsMadeAnew(t *testing.T) {
	t.Parallel()
	h := newHome(t).furnish()
	h.do("", "credentials", "--profile", "session")
	var sessions []struct{ AccessKeyID string }
	if err := json.Unmarshal([]byte(h.do("", "session", "list", "--json")), &sessions); err != nil || len(sessions) != 1 {
		t.Fatalf("%d sessions, %v", len(sessions), err)
	}
	if !h.aws.ExpireSession(sessions[0].AccessKeyID) {
		t.Fatal("the stand-in knows no such session")
	}
	h.do("", "credentials", "--profile", "prod")
	if n := h.aws.Count("GetSessionToken"); n != 2 {
		t.Errorf("%d sessions were made, want a second one", n)
	}
}
