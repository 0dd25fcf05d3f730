package agent

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"
	"filippo.io/age/plugin"

	"github.com/mfad/mfad/agent/wire"
)

// pluginName is the age plugin that this test program is when called by its name.
const pluginName = "mfadtest"

func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "age-plugin-"+pluginName {
		os.Exit(runPlugin())
	}
	os.Exit(m.Run())
}

// runPlugin is a token that shows a message, wants a PIN and a yes.
func runPlugin() int {
	p, err := plugin.New(pluginName)
	if err != nil {
		return 1
	}
	p.HandleRecipient(func(data []byte) (age.Recipient, error) { return age.ParseX25519Recipient(string(data)) })
	p.HandleIdentity(func(data []byte) (age.Identity, error) { return curious{p, string(data)}, nil })
	p.RegisterFlags(nil)
	return p.Main()
}

type curious struct {
	plugin *plugin.Plugin
	key    string
}

func (c curious) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	if err := c.plugin.DisplayMessage("insert\nthe token"); err != nil {
		return nil, err
	}
	pin, err := c.plugin.RequestValue("PIN?", true)
	if err != nil {
		return nil, err
	}
	yes, err := c.plugin.Confirm("Open?", "yes", "no")
	if err != nil {
		return nil, err
	}
	if pin != "1234" || !yes {
		return nil, errors.New("the token declines")
	}
	id, err := age.ParseX25519Identity(c.key)
	if err != nil {
		return nil, err
	}
	return id.Unwrap(stanzas)
}

func TestPluginAsksThroughTheClient(t *testing.T) {
	b := newBench(t)
	b.withVault(t)
	dir := t.TempDir()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(exe, filepath.Join(dir, "age-plugin-"+pluginName)); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	b.must(t, knows(passphrase), wire.MethodSlotAdd, wire.SlotAddParams{
		Kind: "plugin", Label: "blue token",
		Recipient: plugin.EncodeRecipient(pluginName, []byte(id.Recipient().String())),
		Identity:  plugin.EncodeIdentity(pluginName, []byte(id.String())),
	}, nil)

	b.restart(t)
	p := knows("1234")
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
	b.refused(t, knows("0000"), wire.ErrPlugin, wire.MethodVaultUnlock, wire.VaultUnlockParams{Slot: "plugin"})
	p = &person{secret: func(q wire.PromptSecretParams) (string, bool) {
		return passphrase, strings.HasPrefix(q.What, "answer to")
	}}
	b.must(t, p, wire.MethodVaultUnlock, nil, nil) // by the passphrase, since the token got no PIN
}
