package doctor_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/cmd/mfad-cli/internal/doctor"
)

// patient is a doctor in a home of its own, where the agent answers with what
// the test says.
func patient(t *testing.T, call doctor.Caller) doctor.Doctor {
	t.Helper()
	home := t.TempDir()
	environ := map[string]string{"HOME": home, wire.SocketVariable: home + "/s", "AWS_ACCESS_KEY_ID": "AKIAOTHER"}
	return doctor.Doctor{
		Getenv: func(name string) string { return environ[name] },
		Call:   call, CallRunning: call,
		Self:      func() (string, error) { return "/bin/mfad", nil },
		SameFile:  func(a, b string) bool { return a == b },
		Hint:      func(error) string { return "Do something." },
		PasteName: func(profile string) string { return profile },
	}
}

func grades(findings []doctor.Finding, check string) []doctor.Grade {
	var all []doctor.Grade
	for _, f := range findings {
		if f.Check == check {
			all = append(all, f.Grade)
		}
	}
	return all
}

func TestWhatNeedsTheAgentIsSilentWithoutIt(t *testing.T) {
	findings := patient(t, func(context.Context, string, any, any) error { return errors.New("a silent agent") }).Examine(t.Context())
	if got := grades(findings, "agent"); !slices.Contains(got, doctor.Fail) {
		t.Errorf("agent: %v", got)
	}
	for _, check := range []string{"vault", "keychain", "tokens", "clock"} {
		if got := grades(findings, check); got != nil {
			t.Errorf("%s: %v", check, got)
		}
	}
	if got := grades(findings, "environment"); !slices.Equal(got, []doctor.Grade{doctor.Warn}) {
		t.Errorf("environment: %v", got)
	}
	if text := doctor.Text(findings); !strings.Contains(text, "fail  agent: a silent agent\n      -> Do something.\n") {
		t.Errorf("got %s", text)
	}
	if doctor.Failed(findings) == 0 {
		t.Error("nothing failed")
	}
}

func TestAVaultWithOneWayInIsWarnedOf(t *testing.T) {
	vault := wire.Vault{Path: t.TempDir(), Slots: []wire.Slot{{ID: "1", Kind: wire.SlotPassphrase}}}
	findings := patient(t, func(_ context.Context, method string, _, result any) error {
		switch r := result.(type) {
		case *wire.Status:
			*r = wire.Status{Version: wire.Version, Vault: &vault}
		case *wire.Vault:
			*r = vault
		}
		return nil
	}).Examine(t.Context())
	if got := grades(findings, "vault"); !slices.Contains(got, doctor.Warn) {
		t.Errorf("vault: %v", got)
	}
	if got := grades(findings, "keychain"); !slices.Equal(got, []doctor.Grade{doctor.OK}) {
		t.Errorf("keychain: %v", got)
	}
}

// Sixty profiles that need one vault have one fault: the vault's, which comes first.
func TestEqualFaultsAreToldOnce(t *testing.T) {
	damaged := errors.New("vault is damaged")
	var profiles []wire.Profile
	for i := range 60 {
		fault := damaged.Error()
		if i >= 30 {
			fault = "no such source"
		}
		profiles = append(profiles, wire.Profile{Name: fmt.Sprintf("p%d", i), Served: true, Fault: fault})
	}
	findings := patient(t, func(_ context.Context, method string, _, result any) error {
		switch r := result.(type) {
		case *wire.Status:
			*r = wire.Status{Version: wire.Version}
		case *wire.Vault:
			return damaged
		case *[]wire.Profile:
			*r = profiles
		}
		return nil
	}).Examine(t.Context())
	var fails []string
	for _, f := range findings {
		if f.Grade == doctor.Fail && (f.Check == "vault" || f.Check == "profiles") {
			fails = append(fails, f.Text)
		}
	}
	want := []string{"vault is damaged", `profile "p30", "p31", "p32" and 27 more: no such source`}
	if !slices.Equal(fails, want) {
		t.Errorf("got %q, want %q", fails, want)
	}
}
