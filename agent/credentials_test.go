package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mfad/mfad/agent/audit"
	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/errcode"
	"github.com/mfad/mfad/internal/human"
)

// ready is a bench with a cloud whose user's key and device are in the vault,
// and a profile for a role.
func ready(t testing.TB) (*bench, *cloud) {
	t.Helper()
	b := openBench(t)
	c := b.newCloud(t)
	b.furnish(t, c)
	b.write(t, profileText("prod", c.role(t, "prod"), c))
	return b, c
}

// furnish puts the cloud's key and device into the vault.
func (b *bench) furnish(t testing.TB, c *cloud) {
	t.Helper()
	b.must(t, nobody, wire.MethodKeyImport, wire.KeyImportParams{
		Name: "base", AccessKeyID: c.key.ID, Secret: []byte(c.key.Secret), Trust: []string{c.url},
	}, nil)
	b.must(t, nobody, wire.MethodDeviceAdd, wire.DeviceAddParams{Name: "phone", Serial: c.device.Serial, Seed: []byte(c.device.URI())}, nil)
}

func profileText(name, role string, c *cloud) string {
	return fmt.Sprintf("[profile %s]\nrole_arn = %s\nmfad_access_key = base\nmfa_serial = %s\nregion = eu-west-1\nendpoint_url = %s\n",
		name, role, c.device.Serial, c.url)
}

// document is what credential_process prints.
type document struct {
	Version                                              int
	AccessKeyID                                          string `json:"AccessKeyId"`
	SecretAccessKey, SessionToken, Expiration, AccountID string
}

func TestCredentialsCostOneCodeForAllWhoAsk(t *testing.T) {
	b, c := ready(t)
	const callers = 50
	var all sync.WaitGroup
	for range callers {
		all.Go(func() {
			var got wire.CredentialsResult
			if err := b.call(t, nobody, wire.MethodCredentials, wire.CredentialsParams{Profile: "prod"}, &got); err != nil {
				t.Error(err)
				return
			}
			var doc document
			if err := json.Unmarshal(got.Document, &doc); err != nil || doc.Version != 1 || !strings.HasPrefix(doc.AccessKeyID, "ASIA") || doc.AccountID != c.user.Account {
				t.Errorf("the document is wrong: version %d, key %s, account %s, %v", doc.Version, doc.AccessKeyID, doc.AccountID, err)
			}
			if got.Region != "eu-west-1" {
				t.Errorf("region %q", got.Region)
			}
		})
	}
	all.Wait()
	if n, m := c.Count("GetSessionToken"), c.Count("AssumeRole"); n != 1 || m != 1 {
		t.Errorf("AWS was asked for %d sessions and %d roles, want one each", n, m)
	}

	var sessions []wire.Session
	b.must(t, nobody, wire.MethodSessionList, nil, &sessions)
	if len(sessions) != 2 {
		t.Errorf("got %+v, want an MFA session and a role's", sessions)
	}
	var chain wire.Chain
	b.must(t, nobody, wire.MethodProfileShow, wire.ProfileShowParams{Profile: "prod"}, &chain)
	if len(chain.Steps) != 3 || chain.Steps[1].Session == nil || chain.Steps[2].Session == nil || chain.Region == nil {
		t.Errorf("the chain is %+v, want two steps with live sessions", chain)
	}
	if at := chain.Steps[2].At; at != b.profiles+":2" {
		t.Errorf("the role comes from %q", at)
	}

	var forgotten wire.SessionForgetResult
	b.refused(t, nobody, errcode.BadRequest, wire.MethodSessionForget, wire.SessionForgetParams{})
	b.refused(t, nobody, errcode.BadRequest, wire.MethodSessionForget, wire.SessionForgetParams{All: true, Profile: "prod"})
	b.must(t, nobody, wire.MethodSessionForget, wire.SessionForgetParams{Profile: "staging"}, &forgotten)
	if forgotten.Forgotten != 0 {
		t.Errorf("forgot %d sessions of a profile without", forgotten.Forgotten)
	}
	b.must(t, nobody, wire.MethodSessionForget, wire.SessionForgetParams{ID: sessions[0].ID}, &forgotten)
	if forgotten.Forgotten != 1 {
		t.Errorf("forgot %d sessions, want one", forgotten.Forgotten)
	}
	b.must(t, nobody, wire.MethodVaultLock, nil, nil)
	b.must(t, nobody, wire.MethodSessionList, nil, &sessions)
	if len(sessions) != 0 {
		t.Errorf("a lock leaves %+v", sessions)
	}
}

// What the person broke off, or said no to, was no fault of anything.
func TestWhatThePersonBrokeOffIsNoFault(t *testing.T) {
	b := newBench(t)
	b.withVault(t)
	b.must(t, knows(passphrase), wire.MethodDeviceAdd, wire.DeviceAddParams{Name: "phone", Seed: []byte(seed)}, nil)
	b.restart(t)
	var interrupt context.CancelFunc
	for name, asked := range map[string]*person{
		"dismissed":   {secret: func(human.Question) (string, bool) { return "", true }},
		"interrupted": {secret: func(human.Question) (string, bool) { interrupt(); return "", true }},
	} {
		var ctx context.Context
		ctx, interrupt = context.WithCancel(t.Context())
		defer interrupt()
		if err := b.callContext(ctx, t, asked, wire.MethodCode, wire.NameParams{Name: "phone"}, nil); !errors.Is(err, errcode.Dismissed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	var status wire.Status
	b.must(t, nobody, wire.MethodStatus, nil, &status)
	if len(status.Faults) != 0 {
		t.Errorf("status shows %+v", status.Faults)
	}
	text, err := os.ReadFile(audit.RefusedPath(b.home.audit()))
	if err != nil || strings.Count(string(text), `"msg":"code"`) != 2 {
		t.Errorf("the audit file has %s (%v)", text, err)
	}
}

func TestRefusalsAreKeptForStatusAndAudited(t *testing.T) {
	b, c := ready(t)
	b.must(t, nobody, wire.MethodCredentials, wire.CredentialsParams{Profile: "prod"}, nil)
	b.refused(t, nobody, errcode.NoProfile, wire.MethodCredentials, wire.CredentialsParams{Profile: "none"})
	b.refused(t, nobody, errcode.BadRequest, wire.MethodCredentials, wire.CredentialsParams{Profile: "a\nb"})
	for i := range audit.MostRefusals + 5 {
		b.refused(t, nobody, errcode.NoItem, wire.MethodCode, wire.NameParams{Name: fmt.Sprint("device-", i)})
	}
	var status wire.Status
	b.must(t, nobody, wire.MethodStatus, nil, &status)
	if len(status.Faults) != audit.MostRefusals || status.Faults[0].Profile != "device-24" || status.Faults[0].Text == "" || status.Faults[0].At.IsZero() {
		t.Errorf("status shows %d faults, the newest %+v", len(status.Faults), status.Faults[0])
	}
	if status.PID != os.Getpid() || status.Vault == nil || len(status.Sessions) != 2 || len(status.ConfigFiles) != 3 {
		t.Errorf("status is %+v", status)
	}

	ofChange := func(line map[string]any) bool { return b.methods[line["msg"].(string)].line == lineOfChange }
	granted := slices.DeleteFunc(linesOf(t, b.home.audit()), ofChange)
	refused := slices.DeleteFunc(linesOf(t, audit.RefusedPath(b.home.audit())), ofChange)
	if len(granted) != 1 || len(refused) != 2+audit.MostRefusals+5 {
		t.Fatalf("%d and %d audit lines", len(granted), len(refused))
	}
	first, second := granted[0], refused[0]
	if first["verdict"] != "granted" || first["msg"] != "credentials" || first["profile"] != "prod" ||
		first["role"] == "" || !strings.HasPrefix(first["key"].(string), "ASIA") || first["pid"] != float64(os.Getpid()) || first["asker"] != "aws < make < zsh" {
		t.Errorf("the first audit line is %v", first)
	}
	if second["verdict"] != "refused" || second["why"] == "" {
		t.Errorf("the second audit line is %v", second)
	}
	info, err := os.Stat(b.home.audit())
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the audit file is %v, %v", info.Mode(), err)
	}
	for _, name := range []string{b.home.audit(), audit.LastingPath(b.home.audit()), audit.RefusedPath(b.home.audit())} {
		text, _ := os.ReadFile(name)
		for _, secret := range []string{c.key.Secret, c.device.Seed(), seed} {
			if strings.Contains(string(text), secret) {
				t.Error("the audit file holds a secret")
			}
		}
	}
}

func TestChangesOfTheVaultAreAudited(t *testing.T) {
	b := openBench(t)
	b.must(t, nobody, wire.MethodDeviceAdd, wire.DeviceAddParams{Name: "phone", Seed: []byte(seed)}, nil)
	b.must(t, nobody, wire.MethodSlotAdd, wire.SlotAddParams{Kind: "recovery"}, nil)
	b.refused(t, nobody, errcode.NoKey, wire.MethodKeyTrust, wire.KeyTrustParams{Name: "none", Endpoint: "https://x.example"})
	b.must(t, nobody, wire.MethodVaultShow, nil, nil)
	var told []string
	for _, line := range auditLines(t, b) {
		about, _ := line["profile"].(string)
		told = append(told, fmt.Sprint(line["msg"], " ", about, " ", line["verdict"]))
	}
	want := []string{"vault.create  granted", "device.add phone granted", "slot.add recovery granted", "key.trust none refused"}
	if !slices.Equal(told, want) {
		t.Errorf("the audit file tells %q, want %q", told, want)
	}
	if text, err := os.ReadFile(audit.LastingPath(b.home.audit())); err != nil || strings.Contains(string(text), seed) {
		t.Errorf("the audit file holds a secret, or %v", err)
	}
}

// auditLines are those of what was granted and refused, in the order of time.
func auditLines(t *testing.T, b *bench) []map[string]any {
	t.Helper()
	path := b.home.audit()
	lines := slices.Concat(linesOf(t, path), linesOf(t, audit.LastingPath(path)), linesOf(t, audit.RefusedPath(path)))
	lines = slices.DeleteFunc(lines, func(line map[string]any) bool { return line["verdict"] == "asked" })
	at := func(line map[string]any) time.Time {
		when, err := time.Parse(time.RFC3339Nano, line["time"].(string))
		if err != nil {
			t.Fatal(err)
		}
		return when
	}
	slices.SortStableFunc(lines, func(a, b map[string]any) int { return at(a).Compare(at(b)) })
	return lines
}

func linesOf(t *testing.T, path string) []map[string]any {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	var lines []map[string]any
	for line := range strings.Lines(string(text)) {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Fatalf("audit line %q: %v", line, err)
		}
		lines = append(lines, fields)
	}
	return lines
}

func TestEndpointOfAFileIsAskedAboutBeforeACodeGoesThere(t *testing.T) {
	b, c := ready(t)
	b.must(t, nobody, wire.MethodKeyTrust, wire.KeyTrustParams{Name: "base", Endpoint: c.url, Revoke: true}, nil)
	b.desk.sit(false)
	b.refused(t, yesman(), errcode.UntrustedEndpoint, wire.MethodCredentials, wire.CredentialsParams{Profile: "prod"})
	if n := len(c.Journal()); n != 0 {
		t.Errorf("%d requests went there", n)
	}
	b.desk.sit(true)
	b.must(t, nobody, wire.MethodCredentials, wire.CredentialsParams{Profile: "prod"}, nil)
}

func TestRemovedKeyServesNoSession(t *testing.T) {
	b, _ := ready(t)
	b.must(t, nobody, wire.MethodCredentials, wire.CredentialsParams{Profile: "prod"}, nil)
	b.must(t, nobody, wire.MethodKeyRemove, wire.NameParams{Name: "base"}, nil)
	b.refused(t, nobody, errcode.NoKey, wire.MethodCredentials, wire.CredentialsParams{Profile: "prod"})
}

func TestProfilesAreListedWithWhatIsWrong(t *testing.T) {
	b, c := ready(t)
	b.write(t, profileText("prod", c.role(t, "prod"), c)+"\n[profile broken]\nrole_arn = arn:aws:iam::123456789012:role/x\nsource_profile = none\n")
	var profiles []wire.Profile
	b.must(t, nobody, wire.MethodProfileList, nil, &profiles)
	if len(profiles) != 2 || profiles[0].Fault != "" || profiles[0].Source != "base" || profiles[0].Line != 1 || profiles[1].Fault == "" {
		t.Errorf("got %+v", profiles)
	}
	b.refused(t, nobody, errcode.NoKey, wire.MethodProfileShow, wire.ProfileShowParams{Profile: "broken"})
}

func TestWrongClockIsToldByHowMuch(t *testing.T) {
	b, c := ready(t)
	c.SetSkew(-time.Hour)
	if text := b.refused(t, nobody, errcode.Clock, wire.MethodCredentials, wire.CredentialsParams{Profile: "prod"}); !strings.Contains(text, "1h0m0s ahead") {
		t.Errorf("got %q", text)
	}
}

// A code shown while the clock ran ahead must not lock the device out until
// that time comes: AWS knows what time it is.
func TestDeviceRecoversOnceTheClockIsPutRight(t *testing.T) {
	b, c := ready(t)
	b.clock.advance(time.Hour)
	b.must(t, nobody, wire.MethodCode, wire.NameParams{Name: "phone"}, nil)
	b.clock.advance(-time.Hour)
	b.refused(t, nobody, errcode.Clock, wire.MethodCode, wire.NameParams{Name: "phone"})
	b.must(t, b.hurried(), wire.MethodCredentials, wire.CredentialsParams{Profile: "prod"}, nil)
	if n := c.askedForTime(); n != 1 {
		t.Errorf("AWS was asked for the time %d times, want 1", n)
	}
}
