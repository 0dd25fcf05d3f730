package agent

import (
	"context"
	"fmt"

	"filippo.io/age/plugin"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/internal/human"
	"github.com/mfad/mfad/internal/line"
	"github.com/mfad/mfad/keystore"
)

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

func fillPlugin(ctx context.Context, ask credproc.Asker, p wire.SlotAddParams) (keystore.SlotSpec, error) {
	spec, err := keystore.PluginSlot(p.Recipient, p.Identity, pluginUI(ctx, ask))
	if p.Label != "" {
		spec.Label = p.Label
	}
	return spec, err
}
