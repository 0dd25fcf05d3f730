package agent

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/mfad/mfad/agent/inventory"
	"github.com/mfad/mfad/agent/naming"
	"github.com/mfad/mfad/agent/trust"
	"github.com/mfad/mfad/agent/vault"
	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/internal/line"
	"github.com/mfad/mfad/keystore"
	"github.com/mfad/mfad/token/totp"
)

// A proof says what a call has to prove before its work begins; with no Why,
// nothing. It refuses what cannot be done at all, so that nobody is asked for it.
type proof[P any] func(ctx context.Context, p P) (vault.Act, error)

// unproven is for what outlasts no unlock and destroys nothing.
func unproven[P any](context.Context, P) (vault.Act, error) { return vault.Act{}, nil }

// demand has the caller prove what the call takes. What was proved is still meant
// afterwards: another call may have put something else in its place while the
// person was asked.
func demand[P any](ctx context.Context, r *request, takes proof[P], p P) error {
	act, err := takes(ctx, p)
	if err == nil && act.Why != "" {
		err = r.prove(ctx, act)
	}
	if err == nil && act.Why != "" {
		var now vault.Act
		if now, err = takes(ctx, p); err == nil && now.Why != act.Why {
			err = fmt.Errorf("%w: it was %s, and is %s by now: try again", vault.ErrUnproven, act.Why, now.Why)
		}
	}
	r.proved = err == nil && act.Why != ""
	if secret, ok := any(p).(interface{ Wipe() }); ok && err != nil {
		secret.Wipe()
	}
	return err
}

// proofs are what the methods take, in words for the person. They name what the
// vault has, and of the caller's words what was checked, or quoted and bounded.
type proofs struct {
	access   *vault.Access
	profiles *resolver
}

func (m *proofs) hold(ctx context.Context, p wire.VaultHoldParams) (vault.Act, error) {
	hold, err := holdOf(p)
	if err != nil {
		return vault.Act{}, err
	}
	if longer, err := m.access.HeldLonger(ctx, hold); err != nil || !longer {
		return vault.Act{}, err
	}
	return vault.Act{Why: "to hold it open longer"}, nil
}

func (m *proofs) addSlot(_ context.Context, p wire.SlotAddParams) (vault.Act, error) {
	why := "to add a way in: " + line.Short(p.Kind, 20)
	if p.Token != "" {
		why += " on token " + quoted(p.Token)
	}
	if p.Label != "" {
		why += ", labelled " + quoted(p.Label)
	}
	return vault.Act{Why: why}, nil
}

func (m *proofs) removeSlot(ctx context.Context, p wire.SlotRemoveParams) (vault.Act, error) {
	slot, err := m.access.Slot(ctx, p.ID)
	if err != nil {
		return vault.Act{}, err
	}
	return vault.Act{Why: fmt.Sprintf("to remove the way in %s", slot.ID)}, nil
}

func (m *proofs) importKey(ctx context.Context, p wire.KeyImportParams) (vault.Act, error) {
	if err := checkKey(p); err != nil {
		return vault.Act{}, err
	}
	endpoints, err := trust.CanonicalAll(p.Trust)
	if err != nil {
		return vault.Act{}, err
	}
	v, err := m.access.Open(ctx)
	if err != nil {
		return vault.Act{}, err
	}
	old, err := keyToReplace(v, p)
	if err != nil {
		return vault.Act{}, err
	}
	if _, err := placeOf(p).target(old.Held); err != nil {
		return vault.Act{}, err
	}
	var act vault.Act
	if old.ID() != "" {
		act = vault.Act{
			Why:  fmt.Sprintf("to replace access key %q, %s, by %s%s", old.Name, old.AccessKeyID, p.AccessKeyID, erasedFrom(old.Held)),
			Uses: m.profiles.using(ctx, ofKey(old.Name)),
		}
	}
	if len(endpoints) > 0 {
		trusting := trust.Why(p.AccessKeyID, credproc.Route{URL: strings.Join(endpoints, " ")})
		act.Why = strings.TrimPrefix(act.Why+" and "+trusting, " and ")
	}
	return act, nil
}

func (m *proofs) removeKey(ctx context.Context, p wire.NameParams) (vault.Act, error) {
	key, err := m.key(ctx, p.Name)
	if err != nil {
		return vault.Act{}, err
	}
	return vault.Act{
		Why:  fmt.Sprintf("to erase access key %q, %s%s", key.Name, key.AccessKeyID, erasedFrom(key.Held)),
		Uses: m.profiles.using(ctx, ofKey(key.Name)),
	}, nil
}

func (m *proofs) trustEndpoint(ctx context.Context, p wire.KeyTrustParams) (vault.Act, error) {
	if p.Revoke {
		return vault.Act{}, nil
	}
	v, err := m.access.Open(ctx)
	if err != nil {
		return vault.Act{}, err
	}
	key, err := keyOf(v, p.Name)
	if err != nil {
		return vault.Act{}, err
	}
	route, err := routeOf(p)
	return vault.Act{Why: trust.Why(key.AccessKeyID, route)}, err
}

func (m *proofs) moveKey(ctx context.Context, p wire.MoveParams) (vault.Act, error) {
	key, err := m.key(ctx, p.Name)
	return vault.Act{Why: fmt.Sprintf("to move access key %q onto %s", key.Name, tokensOf(p.Tokens))}, err
}

func (m *proofs) addDevice(ctx context.Context, p wire.DeviceAddParams) (vault.Act, error) {
	if !p.Replace {
		return vault.Act{}, nil
	}
	v, err := m.access.Open(ctx)
	if err != nil {
		return vault.Act{}, err
	}
	batch, err := totp.ParseBatch(p.Seed)
	if err != nil {
		return vault.Act{}, err
	}
	defer totp.WipeAll(batch.Keys)
	if err := checkBatch(p, len(batch.Keys)); err != nil {
		return vault.Act{}, err
	}
	arrivals, err := plan(v, p, batch.Keys)
	var names, serials []string
	for _, a := range arrivals {
		if a.old.ID() != "" {
			names, serials = append(names, fmt.Sprintf("%q%s", a.old.Name, erasedFrom(a.old.Held))), append(serials, a.old.Serial)
		}
	}
	if err != nil || len(names) == 0 {
		return vault.Act{}, err
	}
	return vault.Act{
		Why:  "to replace device " + strings.Join(names, ", "),
		Uses: m.profiles.using(ctx, ofDevices(serials...)),
	}, nil
}

func (m *proofs) removeDevice(ctx context.Context, p wire.NameParams) (vault.Act, error) {
	d, err := m.device(ctx, p.Name)
	if err != nil {
		return vault.Act{}, err
	}
	return vault.Act{
		Why:  fmt.Sprintf("to erase device %s%s", called(d), erasedFrom(d.Held)),
		Uses: m.profiles.using(ctx, ofDevices(d.Serial)),
	}, nil
}

// setDevice proves nothing of a device that had no serial number: to add one with it
// takes no proof either.
func (m *proofs) setDevice(ctx context.Context, p wire.DeviceSetParams) (vault.Act, error) {
	v, err := m.access.Open(ctx)
	if err != nil {
		return vault.Act{}, err
	}
	d, err := naming.PlanSerial(v, p.Name, p.Serial)
	if err != nil || d.Serial == "" || d.Serial == p.Serial {
		return vault.Act{}, err
	}
	why := fmt.Sprintf("to have device %s be %s for AWS", called(d), p.Serial)
	if p.Serial == "" {
		why = fmt.Sprintf("to take its serial number from device %s", called(d))
	}
	return vault.Act{Why: why, Uses: m.profiles.using(ctx, ofDevices(d.Serial))}, nil
}

// renameDevice takes a proof, as renameKey does: a name is what the person goes by
// who erases, replaces or trusts something.
func (m *proofs) renameDevice(ctx context.Context, p wire.RenameParams) (vault.Act, error) {
	v, err := m.access.Open(ctx)
	if err != nil {
		return vault.Act{}, err
	}
	d, err := naming.PlanDevice(v, p.Name, p.To)
	return vault.Act{Why: fmt.Sprintf("to rename device %s to %q", called(d), p.To)}, err
}

func (m *proofs) renameKey(ctx context.Context, p wire.RenameParams) (vault.Act, error) {
	v, err := m.access.Open(ctx)
	if err != nil {
		return vault.Act{}, err
	}
	key, err := naming.PlanKey(v, p.Name, p.To)
	return vault.Act{
		Why:  fmt.Sprintf("to rename access key %q, %s, to %q", key.Name, key.AccessKeyID, p.To),
		Uses: m.profiles.using(ctx, ofKey(key.Name)),
	}, err
}

// called is a device by its name, and by what AWS calls it.
func called(d inventory.Device) string {
	if d.Serial == "" {
		return strconv.Quote(d.Name)
	}
	return fmt.Sprintf("%q, %s,", d.Name, d.Serial)
}

func (m *proofs) resumeDevice(ctx context.Context, p wire.NameParams) (vault.Act, error) {
	d, err := m.device(ctx, p.Name)
	return vault.Act{Why: fmt.Sprintf("to say that this machine's clock is right, for device %q", d.Name)}, err
}

func (m *proofs) moveDevice(ctx context.Context, p wire.MoveParams) (vault.Act, error) {
	d, err := m.device(ctx, p.Name)
	return vault.Act{Why: fmt.Sprintf("to move device %q onto %s", d.Name, tokensOf(p.Tokens))}, err
}

// protectWords are what is proved for each [wire.TokenProtectParams] action. To
// remember a code takes the code.
var protectWords = map[string]string{
	wire.ProtectSet:      "to set the access code of a token",
	wire.ProtectRemember: "",
	wire.ProtectForget:   "to forget the access code of a token",
	wire.ProtectRemove:   "to remove the access code of a token",
}

func (m *proofs) protect(_ context.Context, p wire.TokenProtectParams) (vault.Act, error) {
	return vault.Act{Why: protectWords[p.Action]}, nil
}

// quoted is a word of the caller's that nobody checked: within quotes that it
// cannot end, and short enough to leave the question its place.
func quoted(word string) string { return strconv.Quote(line.Short(word, 40)) }

// tokensOf names the tokens that a caller asks for, of many the first ones.
func tokensOf(serials []string) string {
	const most = 4
	var names []string
	for _, serial := range serials[:min(len(serials), most)] {
		names = append(names, quoted(serial))
	}
	switch more := len(serials) - len(names); {
	case len(names) == 0:
		return "a token"
	case len(names) == 1:
		return "token " + names[0]
	case more > 0:
		return fmt.Sprintf("tokens %s and %d more", strings.Join(names, ", "), more)
	}
	return "tokens " + strings.Join(names, ", ")
}

// erasedFrom says which tokens lose a secret, as the end of a sentence.
func erasedFrom(held inventory.Held) string {
	tokens := held.Placement().Tokens
	switch len(tokens) {
	case 0:
		return ""
	case 1:
		return " on token " + tokens[0]
	}
	return " on tokens " + strings.Join(tokens, ", ")
}

// device finds a device of the vault.
func (m *proofs) device(ctx context.Context, name string) (inventory.Device, error) {
	v, err := m.access.Open(ctx)
	if err != nil {
		return inventory.Device{}, err
	}
	return inventory.FindDevice(v, name)
}

// key finds an access key of the vault.
func (m *proofs) key(ctx context.Context, name string) (inventory.Key, error) {
	v, err := m.access.Open(ctx)
	if err != nil {
		return inventory.Key{}, err
	}
	return inventory.FindKey(v, name)
}

// keyOf finds an access key by its public half, which is what the refusal of an
// endpoint tells, or by its name.
func keyOf(v *keystore.Vault, name string) (inventory.Key, error) {
	if key, found := inventory.KeyOfID(v, name); found {
		return key, nil
	}
	return inventory.FindKey(v, name)
}
