package cmd_test

import (
	"encoding/json"
	"fmt"
	"sync"
	"testing"

	"github.com/mfad/mfad/credproc/awstest"
)

// A thousand processes, as a build farm or a shell loop would start them.
func TestThousandProcessesOfAColdProfileCostOneCode(t *testing.T) {
	h := newHome(t).furnish()
	h.crowd(1000, func(int) string { return "prod" })
	h.expectCalls(1, 1)
}

func TestTwentyRolesOfOneIdentityShareOneSession(t *testing.T) {
	h := newHome(t).furnish()
	var profiles []string
	for i := range 20 {
		name := fmt.Sprintf("role%02d", i)
		h.addRole(name, awstest.Trust{Principals: []string{h.alice.ARN}, MFA: true}, "--source", "base", "--mfa-serial", h.phone.Serial)
		profiles = append(profiles, name)
	}
	h.crowd(200, func(i int) string { return profiles[i%len(profiles)] })
	h.expectCalls(1, 20)
}

// The agent is not running when they come: exactly one of them starts it.
func TestCrowdStartsOneAgent(t *testing.T) {
	h := newHome(t).furnish()
	h.do("", "agent", "stop")
	h.do(passphrase+"\n", "unlock", "--passphrase-stdin")
	h.crowd(50, func(int) string { return "prod" })
	h.expectCalls(1, 1)
}

// crowd runs n clients at once and expects a document from each.
func (h *home) crowd(n int, profile func(i int) string) {
	h.Helper()
	mfad := program(h.TB, "mfad")
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			r := run(h.TB, h.env, "", mfad, "credentials", "--profile", profile(i))
			var doc struct {
				Version                int
				AccessKeyID, AccountID string `json:",omitempty"`
			}
			if err := json.Unmarshal([]byte(r.stdout), &doc); err != nil || doc.Version != 1 {
				h.Errorf("caller %d of %s: %v", i, profile(i), r)
			}
		})
	}
	wg.Wait()
}

// expectCalls counts what the stand-in was asked, and that it refused nothing.
func (h *home) expectCalls(sessions, roles int) {
	h.Helper()
	if n := h.aws.Count("GetSessionToken"); n != sessions {
		h.Errorf("%d calls of GetSessionToken, want %d", n, sessions)
	}
	if n := h.aws.Count("AssumeRole"); n != roles {
		h.Errorf("%d calls of AssumeRole, want %d", n, roles)
	}
	if codes := sentCodes(h.aws); len(codes) != sessions {
		h.Errorf("%d codes sent, want %d", len(codes), sessions)
	}
	for _, e := range h.aws.Journal() {
		if e.Verdict != awstest.OK {
			h.Errorf("refused: %s %s", e.Action, e.Message)
		}
	}
}

// AWS takes a code once, whichever key signs: the second identity waits for
// the next one, and nobody is asked or refused.
func TestTwoColdIdentitiesShareADevice(t *testing.T) {
	t.Parallel()
	h := newHome(t).furnish()
	h.importKey("second", must(h.alice.AddKey())(t))
	h.do("", "profile", "add", "other", "--key", "second", "--mfa-serial", h.phone.Serial, "--endpoint-url", h.url)
	h.crowd(40, func(i int) string { return []string{"session", "other"}[i%2] })
	h.expectCalls(2, 0)
	if codes := sentCodes(h.aws); len(codes) == 2 && codes[0] == codes[1] {
		t.Error("the same code was sent twice")
	}
}
