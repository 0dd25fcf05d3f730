package agent

import (
	"bytes"
	"os"
	"testing"

	"github.com/mfad/mfad/agent/wire"
)

// stranger is a caller whose lineage nobody may ask for.
type stranger struct {
	*person
	testing.TB
}

func (s stranger) Lineage() (string, error) {
	s.Error("the lineage of a caller was looked up")
	return "", nil
}

// Who asks is looked up for the audit line; what that belongs to costs as much again,
// and decides nothing where nobody is asked.
func TestWarmCredentialsLookNoLineageUp(t *testing.T) {
	b, _ := ready(t)
	b.must(t, nobody, wire.MethodCredentials, wire.CredentialsParams{Profile: "prod"}, nil)
	call := wire.Call{V: wire.Protocol, Params: []byte(`{"profile":"prod"}`)}
	if _, err := b.serve(t.Context(), stranger{nobody, t}, call, wire.MethodCredentials); err != nil {
		t.Error(err)
	}
}

// The least client asks for what is in the cache. It is answered with a
// document or with nothing, and nothing leaves no trace.
func TestCachedRequestIsAnsweredFromTheCacheOrNotAtAll(t *testing.T) {
	b, c := ready(t)
	present := knows(passphrase)
	cached := wire.CredentialsParams{Profile: "prod", Cached: true}
	empty := func(when string, params wire.CredentialsParams) {
		t.Helper()
		before, _ := os.ReadFile(b.home.audit())
		var got wire.CredentialsResult
		b.must(t, present, wire.MethodCredentials, params, &got)
		if string(got.Document) != "null" || got.Region != "" {
			t.Errorf("%s: the answer holds %d bytes of a document, region %q", when, len(got.Document), got.Region)
		}
		if after, _ := os.ReadFile(b.home.audit()); !bytes.Equal(before, after) {
			t.Errorf("%s: an audit line was written", when)
		}
		var status wire.Status
		b.must(t, nobody, wire.MethodStatus, nil, &status)
		if len(status.Faults) != 0 {
			t.Errorf("%s: status shows %+v", when, status.Faults)
		}
	}
	for range 100 {
		empty("cold", cached)
	}
	empty("no such profile", wire.CredentialsParams{Profile: "none", Cached: true})
	empty("no name", wire.CredentialsParams{Profile: "a b", Cached: true})
	if n := len(c.Journal()); n != 0 {
		t.Errorf("AWS was asked %d times", n)
	}

	var whole, fromCache wire.CredentialsResult
	b.must(t, nobody, wire.MethodCredentials, wire.CredentialsParams{Profile: "prod"}, &whole)
	b.must(t, nobody, wire.MethodCredentials, cached, &fromCache)
	if !bytes.Equal(whole.Document, fromCache.Document) || whole.Region != fromCache.Region {
		t.Error("the cache gives another answer")
	}
	lines := auditLines(t, b)
	first, second := lines[len(lines)-2], lines[len(lines)-1]
	for _, name := range []string{"msg", "verdict", "pid", "asker", "profile", "role", "key"} {
		if first[name] != second[name] {
			t.Errorf("the audit line of the cached answer has %s %v, the other %v", name, second[name], first[name])
		}
	}

	b.must(t, nobody, wire.MethodVaultLock, nil, nil)
	empty("locked", cached)
	if len(present.asked) != 0 {
		t.Errorf("the person was asked %q", present.asked)
	}
}
