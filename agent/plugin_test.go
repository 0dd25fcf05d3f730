package agent

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/errcode"
	"github.com/mfad/mfad/internal/human"
	"github.com/mfad/mfad/keystore/plugintest"
)

func TestMain(m *testing.M) {
	plugintest.Main()
	os.Exit(m.Run())
}

func TestPluginAsksThroughTheClient(t *testing.T) {
	b := newBench(t)
	b.withVault(t)
	recipient, identity := plugintest.Install(t)
	adding := &person{confirm: func(string) bool { return true }, secret: func(q human.Question) (string, bool) {
		if strings.HasPrefix(q.What, "answer to") {
			return plugintest.PIN, false
		}
		return passphrase, false
	}}
	b.must(t, adding, wire.MethodSlotAdd, wire.SlotAddParams{
		Kind: "plugin", Label: "blue token",
		Recipient: recipient, Identity: identity,
	}, nil)

	b.restart(t)
	p := knows(plugintest.PIN)
	p.confirm = func(string) bool { return true }
	b.must(t, p, wire.MethodVaultUnlock, nil, nil)
	asked := p.questions()
	want := []string{"secret: answer to mfadtest: PIN? | ", "confirm: mfadtest: Open? (yes, no)"}
	if !slices.Equal(asked, want) {
		t.Errorf("asked %q, want %q", asked, want)
	}
	if !slices.Contains(p.notices, "mfadtest: insert; the token") {
		t.Errorf("told %q", p.notices)
	}

	b.restart(t)
	b.refused(t, knows("0000"), errcode.Plugin, wire.MethodVaultUnlock, wire.VaultUnlockParams{Slot: "plugin"})
	p = &person{secret: func(q human.Question) (string, bool) {
		return passphrase, strings.HasPrefix(q.What, "answer to")
	}}
	b.must(t, p, wire.MethodVaultUnlock, nil, nil) // by the passphrase, since the token got no PIN
}
