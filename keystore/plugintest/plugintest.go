// Package plugintest is an age plugin for tests: a token that shows a message,
// wants a PIN and a yes. The test's own program is the plugin when it is called
// by the plugin's name. It speaks through age's own framework; what it guards is
// an X25519 key, in clear in the plugin's identity.
package plugintest

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"filippo.io/age"
	"filippo.io/age/plugin"
)

const (
	// Name is the plugin's, as in age-plugin-NAME.
	Name = "mfadtest"
	// PIN is the one that the plugin takes.
	PIN = "1234"
)

const program = "age-plugin-" + Name

// Main runs the plugin and ends the process if it was called by the plugin's
// name. It is the first call of a TestMain.
func Main() {
	if filepath.Base(os.Args[0]) != program {
		return
	}
	p, err := plugin.New(Name)
	if err != nil {
		os.Exit(1)
	}
	p.HandleRecipient(func(data []byte) (age.Recipient, error) { return age.ParseX25519Recipient(string(data)) })
	p.HandleIdentity(func(data []byte) (age.Identity, error) { return token{p, string(data)}, nil })
	p.HandleIdentityAsRecipient(func(data []byte) (age.Recipient, error) {
		id, err := age.ParseX25519Identity(string(data))
		if err != nil {
			return nil, err
		}
		return id.Recipient(), nil
	})
	p.RegisterFlags(nil)
	os.Exit(p.Main())
}

// token opens its key for who knows the PIN and says yes.
type token struct {
	plugin *plugin.Plugin
	key    string
}

// Unwrap implements age.Identity.
func (t token) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	if err := t.plugin.DisplayMessage("insert\nthe token"); err != nil {
		return nil, err
	}
	pin, err := t.plugin.RequestValue("PIN?", true)
	if err != nil {
		return nil, err
	}
	if pin != PIN {
		return nil, errors.New("wrong PIN, 2 tries left")
	}
	yes, err := t.plugin.Confirm("Open?", "yes", "no")
	if err != nil {
		return nil, err
	}
	if !yes {
		return nil, errors.New("the token was not opened")
	}
	id, err := age.ParseX25519Identity(t.key)
	if err != nil {
		return nil, err
	}
	return id.Unwrap(stanzas)
}

// Install makes the plugin the only program in PATH, until the test ends, and
// returns a recipient and an identity of it.
func Install(t testing.TB) (recipient, identity string) {
	t.Helper()
	dir := t.TempDir()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(exe, filepath.Join(dir, program)); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return plugin.EncodeRecipient(Name, []byte(id.Recipient().String())), plugin.EncodeIdentity(Name, []byte(id.String()))
}
