package cmd_test

import (
	"strings"
	"testing"
	"time"

	"github.com/mfad/mfad/credproc/awstest"
)

// codesSeen counts the requests that carried a code.
func (h *home) codesSeen() (n int) {
	for _, e := range h.aws.Journal() {
		if e.Code != "" {
			n++
		}
	}
	return n
}

// A program that tries again at once costs one code, whatever AWS refuses.
func TestAttackByALoopOfTriesCostsOneCode(t *testing.T) {
	t.Parallel()
	h := newHome(t).furnish()
	h.addRole("long", awstest.Trust{Principals: []string{h.alice.ARN}, MFA: true}, "--source", "base", "--mfa-serial", h.phone.Serial, "--duration", "7200")
	for range 5 {
		expect(t, h.mfad("", "credentials", "--profile", "long"), 5, "lower duration_seconds = 7200", "profiles:")
	}
	if n := h.codesSeen(); n != 1 {
		t.Errorf("AWS saw %d codes, want 1", n)
	}
}

// What AWS says of a clock that is off by an hour is told wherever it matters.
func TestAttackByAClockThatIsAnHourFastIsTold(t *testing.T) {
	t.Parallel()
	h := newHome(t).furnish()
	h.do("", "profile", "add", "plain", "--key", "base", "--endpoint-url", h.url)
	h.aws.SetSkew(-time.Hour)
	expect(t, h.mfad("", "credentials", "--profile", "plain"), 5, "1h0m0s ahead")
	if text := h.do("", "status"); !strings.Contains(text, "1 h 00 min ahead of AWS's") {
		t.Errorf("status tells %s", text)
	}
	if r := h.mfad("", "doctor"); r.code != 1 || !strings.Contains(r.stdout, "fail  clock: it is 1 h 00 min ahead of AWS's") {
		t.Errorf("doctor tells %v", r)
	}
	if r := h.mfad("", "code", "phone"); r.code != 0 || !strings.Contains(r.stderr, "AWS takes no code of such a clock") {
		t.Errorf("code tells %v", r)
	}
	h.aws.SetSkew(0)
	if n := h.codesSeen(); n != 0 {
		t.Errorf("AWS saw %d codes, want none", n)
	}
}
