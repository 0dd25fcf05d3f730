package vault

import (
	"context"
	"fmt"

	"filippo.io/age"
	"filippo.io/age/plugin"

	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/internal/human"
	"github.com/mfad/mfad/internal/line"
	"github.com/mfad/mfad/keystore"
)

// A plugin may ask for a secret of its own, so it is tried with those that ask for
// none of the vault's.
var pluginWay = way{kind: keystore.SlotPlugin, make: makePlugin, silent: fromPlugin}

// pluginUI lets an age plugin ask through whoever waits for it.
func pluginUI(ctx context.Context, ask credproc.Asker) *plugin.ClientUI {
	return &plugin.ClientUI{
		DisplayMessage: func(name, message string) error {
			ask.Notice(ctx, line.One(name+": "+message))
			return nil
		},
		RequestValue: func(name, prompt string, _ bool) (string, error) {
			secret, err := human.AskSecret(ctx, ask, human.Question{What: line.One(fmt.Sprintf("answer to %s: %s", name, prompt))})
			defer clear(secret)
			return string(secret), err
		},
		Confirm: func(name, prompt, yes, no string) (bool, error) {
			return human.AskYes(ctx, ask, line.One(fmt.Sprintf("%s: %s (%s, %s)", name, prompt, yes, no)))
		},
		WaitTimer: func(name string) {
			ask.Notice(ctx, fmt.Sprintf("waiting for %s: it may want a touch", line.One(name)))
		},
	}
}

// makePlugin makes a slot that an age plugin opens; it is named for the plugin
// unless a label was given.
func makePlugin(ctx context.Context, m maker) (newSlot, error) {
	spec, err := keystore.PluginSlot(m.Recipient, m.Identity, pluginUI(ctx, m.ask))
	return newSlot{spec: spec}, err
}

func fromPlugin(ctx context.Context, o opener, slot keystore.Slot) (age.Identity, error) {
	return keystore.PluginIdentity(slot, pluginUI(ctx, o.ask))
}
