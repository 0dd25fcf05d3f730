package keystore

import (
	"bytes"
	"errors"
	"fmt"

	"filippo.io/age"
	"filippo.io/age/plugin"

	"github.com/mfad/mfad/internal/forget"
)

// The kinds of slots whose unlockers are made here. There may be others: whoever
// has an [age.Identity] and its recipient makes a slot with them.
const (
	SlotPassphrase SlotKind = "passphrase" // scrypt; nothing else can share the file
	SlotKeychain   SlotKind = "keychain"   // an age identity kept in the OS keychain
	SlotRecovery   SlotKind = "recovery"   // an age identity shown once, on paper
	SlotPlugin     SlotKind = "plugin"     // any age plugin in PATH
)

// explain puts the failure of an unlocker into its own words, if it has some.
func explain(unlocker any, err error) error {
	if u, ok := unlocker.(interface{ explain(error) error }); ok {
		return u.explain(err)
	}
	return err
}

// seesOnlyTheFile tells of an identity that it is age's own: it asks nobody, so
// that a file which it does not open is not what was written.
func seesOnlyTheFile(id age.Identity) bool {
	switch id.(type) {
	case *age.X25519Identity, *age.ScryptIdentity:
		return true
	}
	return false
}

// maxScryptLogN is the most work that a slot may ask of us: 2.5 s and 1 GiB.
const maxScryptLogN = 20

// scryptLogN is the work of a new passphrase slot: 0.6 s and 256 MiB. It is
// fixed, so that a vault made on a fast machine opens on a slow one. Tests
// lower it.
var scryptLogN = 18

// PassphraseRecipient wraps for a passphrase. age keeps a copy of pass, which
// package forget wipes in the end; the caller wipes its own.
func PassphraseRecipient(pass []byte) (age.Recipient, error) {
	r, err := forget.Value(func() (*age.ScryptRecipient, error) { return age.NewScryptRecipient(string(pass)) })
	if err != nil {
		return nil, fmt.Errorf("%w: empty passphrase", ErrInvalid)
	}
	r.SetWorkFactor(scryptLogN)
	return r, nil
}

// PassphraseIdentity opens a passphrase slot.
func PassphraseIdentity(pass []byte) (age.Identity, error) {
	id, err := forget.Value(func() (*age.ScryptIdentity, error) { return age.NewScryptIdentity(string(pass)) })
	if err != nil {
		return nil, fmt.Errorf("%w: empty passphrase", ErrWrongPassphrase)
	}
	id.SetMaxWorkFactor(maxScryptLogN)
	return id, nil
}

// NewRecovery makes a recovery key: the text of an age identity, to be shown
// once, and the recipient to make the slot with. A keychain slot takes a key of
// the same form, whose text goes to the OS keychain. The caller destroys the
// Secret.
func NewRecovery() (age.Recipient, *Secret, error) {
	var text *Secret
	id, err := forget.Value(func() (*age.X25519Identity, error) {
		id, err := age.GenerateX25519Identity()
		if err == nil {
			text = newSecret([]byte(id.String()))
		}
		return id, err
	})
	if err != nil {
		return nil, nil, fmt.Errorf("making a recovery key: %w", err)
	}
	return id.Recipient(), text, nil
}

// ParseRecovery reads a recovery key as a person types it, in any case and with
// blanks anywhere, or the file that age-keygen writes. It wraps
// ErrWrongPassphrase.
func ParseRecovery(text []byte) (age.Identity, error) {
	return forget.Value(func() (age.Identity, error) { return parseRecovery(text) })
}

func parseRecovery(text []byte) (age.Identity, error) {
	var key []byte
	for line := range bytes.Lines(text) {
		if !bytes.HasPrefix(line, []byte("#")) {
			key = append(key, bytes.ToUpper(bytes.Join(bytes.Fields(line), nil))...)
		}
	}
	defer clear(key)
	id, err := age.ParseX25519Identity(string(key))
	if err != nil {
		// age's error may quote the key.
		return nil, fmt.Errorf("%w: not a recovery key, which begins with AGE-SECRET-KEY-1 and has 74 characters", ErrWrongPassphrase)
	}
	return id, nil
}

// factPluginIdentity is the fact of a plugin slot that holds the plugin's
// identity, AGE-PLUGIN-NAME-1….
const factPluginIdentity = "plugin-identity"

// PluginSlot asks for a slot that an age plugin opens. Identity is what the
// plugin's set-up printed, AGE-PLUGIN-NAME-1…; recipient, age1name1…, may be
// empty if the plugin can wrap for its identity. The plugin is run when the
// slot is added, and asks through ui. PluginSlot wraps ErrPlugin for texts that
// are no plugin's.
//
// The identity is kept in vault.json in clear. That is right for plugins whose
// identity points to hardware, which is what they are for, and wrong for one
// whose identity is itself the secret.
func PluginSlot(recipient, identity string, ui *plugin.ClientUI) (SlotSpec, error) {
	id, err := plugin.NewIdentity(identity, ui)
	if err != nil {
		return SlotSpec{}, fmt.Errorf("%w: not a plugin's identity, which begins with AGE-PLUGIN-", ErrPlugin)
	}
	spec := SlotSpec{
		Kind: SlotPlugin, Label: id.Name(), Recipient: pluginRecipient{id.Recipient()},
		Facts: map[string]string{factPluginIdentity: identity},
	}
	if recipient != "" {
		r, err := plugin.NewRecipient(recipient, ui)
		if err != nil || r.Name() != id.Name() {
			return SlotSpec{}, fmt.Errorf("%w: %.80q is not a recipient of the plugin %s", ErrPlugin, recipient, id.Name())
		}
		spec.Recipient = pluginRecipient{r}
	}
	return spec, nil
}

// PluginIdentity opens a plugin slot: Unlock runs age-plugin-NAME, found in
// PATH, which asks through ui. It wraps ErrPlugin.
func PluginIdentity(slot Slot, ui *plugin.ClientUI) (age.Identity, error) {
	id, err := plugin.NewIdentity(slot.Facts[factPluginIdentity], ui)
	if err != nil {
		return nil, fmt.Errorf("%w: slot %q names no plugin", ErrPlugin, slot.ID)
	}
	return pluginIdentity{id}, nil
}

// pluginIdentity and pluginRecipient are a plugin's that say so when it fails.
type (
	pluginIdentity  struct{ *plugin.Identity }
	pluginRecipient struct{ *plugin.Recipient }
)

func (pluginIdentity) explain(err error) error  { return pluginError(err) }
func (pluginRecipient) explain(err error) error { return pluginError(err) }

func pluginError(err error) error {
	var missing *plugin.NotFoundError
	if errors.As(err, &missing) {
		return fmt.Errorf("%w: age-plugin-%s is not in PATH", ErrPlugin, missing.Name)
	}
	return fmt.Errorf("%w: %w", ErrPlugin, err)
}
