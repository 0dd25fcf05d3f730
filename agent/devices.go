package agent

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mfad/mfad/agent/codes"
	"github.com/mfad/mfad/agent/inventory"
	"github.com/mfad/mfad/agent/naming"
	"github.com/mfad/mfad/agent/ontoken"
	"github.com/mfad/mfad/agent/tokenperson"
	"github.com/mfad/mfad/agent/vault"
	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/internal/errcode"
	"github.com/mfad/mfad/internal/line"
	mfaserial "github.com/mfad/mfad/internal/serial"
	"github.com/mfad/mfad/keystore"
	"github.com/mfad/mfad/token/totp"
)

// devices are the methods for MFA devices and their codes.
type devices struct {
	access  *vault.Access
	applets *ontoken.Applets
	codes   *codes.Codes
	names   *naming.Names
}

// add stores every seed that a text brings, or none if one cannot be.
func (m *devices) add(ctx context.Context, r *request, p wire.DeviceAddParams) (wire.DeviceAddResult, error) {
	defer clear(p.Seed)
	batch, err := totp.ParseBatch(p.Seed)
	if err != nil {
		return wire.DeviceAddResult{}, err
	}
	defer totp.WipeAll(batch.Keys)
	if err := checkBatch(p, len(batch.Keys)); err != nil {
		return wire.DeviceAddResult{}, err
	}
	v, err := m.access.Unlocked(ctx, r.ask)
	if err != nil {
		return wire.DeviceAddResult{}, err
	}
	arrivals, err := plan(v, p, batch.Keys)
	if err != nil {
		return wire.DeviceAddResult{}, err
	}
	result := wire.DeviceAddResult{
		Devices: make([]wire.Device, 0, len(arrivals)), Skipped: batch.Skipped, Part: batch.Part, Parts: batch.Parts,
	}
	for i := range arrivals {
		left, err := m.store(ctx, r.ask, &arrivals[i], p)
		if err != nil && i > 0 {
			err = fmt.Errorf("after %d of %d devices: %w", i, len(arrivals), err)
		}
		if err != nil {
			return wire.DeviceAddResult{}, err
		}
		result.Devices, result.Left = append(result.Devices, describeDevice(arrivals[i].device)), append(result.Left, left...)
	}
	return result, nil
}

// checkBatch refuses parameters that do not go with so many devices.
func checkBatch(p wire.DeviceAddParams, devices int) error {
	if _, err := parseSerials(p.Serial, devices); err != nil {
		return err
	}
	if p.Name != "" && devices > 1 {
		return errcode.Errorf(errcode.BadRequest, "this export brings %d devices, which name themselves: leave the name out", devices)
	}
	return checkPlace(place{p.OnToken, p.ToVault, p.Touch, p.Tokens})
}

// place is where the caller wants a secret: on tokens, or in the vault.
type place struct {
	onToken, toVault, touch bool
	tokens                  []string
}

func checkPlace(p place) error {
	if !p.onToken && (len(p.tokens) > 0 || p.touch) {
		return errcode.Errorf(errcode.BadRequest, "tokens and touch are for a secret that goes onto a token")
	}
	if p.onToken && p.toVault {
		return errcode.Errorf(errcode.BadRequest, "a secret goes onto tokens or into the vault, not both")
	}
	return nil
}

// target is where a secret goes that takes the place of old: onto the tokens that
// have that one, unless others are named. What is on tokens leaves them only when
// the caller says so.
func (p place) target(old inventory.Held) (ontoken.Target, error) {
	on := old.Placement()
	switch {
	case !old.OnToken():
		return ontoken.Target{Tokens: p.tokens, Touch: p.touch}, nil
	case !p.onToken && !p.toVault:
		return ontoken.Target{}, errcode.Errorf(errcode.BadRequest,
			"%q is%s: give --on-token to put the new secret there, or --to-vault", old.Name, erasedFrom(old))
	case len(p.tokens) > 0:
		return ontoken.Target{Tokens: p.tokens, Touch: p.touch || on.Touch}, nil
	}
	return ontoken.Target{Tokens: on.Tokens, Touch: p.touch || on.Touch}, nil
}

// parseSerials reads serials, parted by blanks, which go to the devices in order;
// a device without one gets "".
func parseSerials(text string, devices int) ([]string, error) {
	serials := strings.Fields(text)
	if len(serials) > devices {
		return nil, errcode.Errorf(errcode.BadRequest, "%d serial numbers for %d devices", len(serials), devices)
	}
	for i, number := range serials {
		if err := mfaserial.Check(number); err != nil {
			return nil, errcode.Errorf(errcode.BadRequest, "%v", err)
		}
		if slices.Contains(serials[:i], number) {
			return nil, errcode.Errorf(errcode.BadRequest, "serial number %s is given twice", number)
		}
	}
	return append(serials, make([]string, devices-len(serials))...), nil
}

// arrival is a device that is to be stored, in the place of old if there is one;
// names are for its credential, if it goes onto tokens.
type arrival struct {
	device inventory.Device
	old    inventory.Device
	seed   *totp.Key
	names  []string
	onto   ontoken.Target
}

// plan makes the devices, and finds out before the first is stored whether all can
// be.
func plan(v *keystore.Vault, p wire.DeviceAddParams, seeds []totp.Key) ([]arrival, error) {
	serials, err := parseSerials(p.Serial, len(seeds))
	if err != nil {
		return nil, err
	}
	var arrivals []arrival
	for i := range seeds {
		name := p.Name
		if name == "" {
			name = inventory.NameDevice(&seeds[i], func(name string) bool {
				return slices.ContainsFunc(arrivals, func(a arrival) bool { return a.device.Name == name })
			})
		}
		if err := naming.Check("a device", name); err != nil {
			return nil, err
		}
		a := arrival{device: inventory.NewDevice(name, serials[i], &seeds[i]), seed: &seeds[i]}
		if a.device.Serial != "" {
			if err := codes.CheckAWS(a.device); err != nil {
				return nil, err
			}
		}
		if a.old, err = deviceToReplace(v, a.device, p.Replace); err != nil {
			return nil, err
		}
		if a.onto, err = (place{p.OnToken, p.ToVault, p.Touch, p.Tokens}).target(a.old.Held); err != nil {
			return nil, err
		}
		a.device.Supersede(a.old.Entry)
		if p.OnToken {
			a.names = ontoken.DeviceNames(name, a.seed, func(name string) bool {
				return inventory.CredentialTaken(v, name) ||
					slices.ContainsFunc(arrivals, func(a arrival) bool { return slices.Contains(a.names, name) })
			})
		}
		arrivals = append(arrivals, a)
	}
	return arrivals, nil
}

// deviceToReplace finds what has the name that a device is to get: nothing, or a
// device that may be replaced.
func deviceToReplace(v *keystore.Vault, d inventory.Device, replace bool) (inventory.Device, error) {
	if other, found := inventory.DeviceOfSerial(v, d.Serial); found && other.Name != d.Name {
		return inventory.Device{}, fmt.Errorf("%w: %s is in the vault as device %q", keystore.ErrItemExists, d.Serial, other.Name)
	}
	// Whoever names a device by its serial number means no other one of that name.
	if other, found := inventory.DeviceOfSerial(v, d.Name); found && other.Name != d.Name {
		return inventory.Device{}, fmt.Errorf("%w: %s is the serial number of device %q", keystore.ErrItemExists, d.Name, other.Name)
	}
	if other, found := inventory.DeviceNamed(v, d.Serial); found && other.Name != d.Name {
		return inventory.Device{}, fmt.Errorf("%w: a device without that serial number is named %s", keystore.ErrItemExists, other.Name)
	}
	old, found := inventory.DeviceNamed(v, d.Name)
	if found && !replace {
		return inventory.Device{}, fmt.Errorf("%w: the vault has a device named %q", keystore.ErrItemExists, d.Name)
	}
	return old, nil
}

// store stores a seed in the vault or on tokens; left are those that hold what it
// replaces still.
func (m *devices) store(ctx context.Context, ask credproc.Asker, a *arrival, p wire.DeviceAddParams) (left []string, err error) {
	if err := m.codes.Carry(a.old, a.device); err != nil { // it may be the same seed
		return nil, err
	}
	if p.OnToken {
		err = m.put(ctx, ask, a)
	} else {
		uri := a.seed.MarshalURI()
		defer clear(uri)
		err = m.access.Use(ctx, ask, func(v *keystore.Vault) error { return inventory.Store(v, &a.device, uri) })
	}
	if err == nil {
		err = m.codes.Carry(a.old, a.device) // which may be another item
	}
	if err != nil {
		return nil, err
	}
	return m.applets.Abandon(ctx, a.old.Held, ask), nil
}

// put puts a seed onto tokens.
func (m *devices) put(ctx context.Context, ask credproc.Asker, a *arrival) error {
	return m.applets.Put(ctx, ask, ontoken.Secret{
		Record: &a.device, Names: a.names,
		Algorithm: string(a.seed.Algorithm), Digits: a.seed.Digits, Key: a.seed.Seed.Bytes(),
		Why: "to put device " + a.device.Name + " on it",
	}, a.onto)
}

func (m *devices) list(ctx context.Context, _ *request) ([]wire.Device, error) {
	v, err := m.access.Open(ctx)
	if err != nil {
		return nil, err
	}
	shown := []wire.Device{}
	for _, device := range inventory.Devices(v) {
		shown = append(shown, describeDevice(device))
	}
	return shown, nil
}

func (m *devices) remove(ctx context.Context, r *request, p wire.NameParams) (wire.RemoveResult, error) {
	find := func(v *keystore.Vault) (inventory.Held, error) {
		device, err := inventory.FindDevice(v, p.Name)
		return device.Held, err
	}
	if p.Erase {
		left, err := m.applets.Remove(ctx, r.ask, find)
		return wire.RemoveResult{Left: left}, err
	}
	left, kept, err := m.applets.Release(ctx, r.ask, find)
	return wire.RemoveResult{Left: left, Kept: kept.Tokens, Credential: kept.Credential}, err
}

// move moves a seed out of the vault onto tokens. It has left the vault when they
// have proved that they have it, and not before; a move that ended half way can be
// made again.
func (m *devices) move(ctx context.Context, r *request, p wire.MoveParams) (wire.Device, error) {
	var old inventory.Device
	who := tokenperson.For(r.ask, fmt.Sprintf("to move device %.80q onto a token", p.Name))
	content, err := m.applets.TakeOut(ctx, who, func(v *keystore.Vault) (_ inventory.Held, err error) {
		old, err = inventory.FindDevice(v, p.Name)
		return old.Held, err
	})
	if err != nil {
		return wire.Device{}, err
	}
	defer content.Destroy()
	seeds, err := totp.Parse(content.Bytes())
	if err != nil {
		return wire.Device{}, err
	}
	defer totp.WipeAll(seeds)
	a := arrival{device: old, seed: &seeds[0], onto: ontoken.Target{Tokens: p.Tokens, Touch: p.Touch}}
	v := m.access.Opened()
	a.names = ontoken.DeviceNames(old.Name, a.seed, func(name string) bool { return inventory.CredentialTaken(v, name) })
	if err := m.put(ctx, r.ask, &a); err != nil {
		return wire.Device{}, err
	}
	return describeDevice(a.device), m.codes.Carry(old, a.device)
}

// set gives a device another serial number, or none.
func (m *devices) set(ctx context.Context, r *request, p wire.DeviceSetParams) (wire.Device, error) {
	d, err := m.names.Serial(ctx, p.Name, p.Serial, r.ask)
	return describeDevice(d), err
}

func (m *devices) rename(ctx context.Context, r *request, p wire.RenameParams) (wire.Device, error) {
	d, err := m.names.Device(ctx, p.Name, p.To, r.ask)
	return describeDevice(d), err
}

// code shows a person the code of a device of the vault.
func (m *devices) code(ctx context.Context, r *request, p wire.NameParams) (wire.Code, error) {
	shown, err := m.codes.Show(ctx, p.Name, r.ask)
	if err != nil {
		return wire.Code{}, err
	}
	code := wire.Code{Digits: shown.Digits, Expires: shown.Expires, SkewMillis: shown.Skew.Milliseconds()}
	if shown.Doubt != nil {
		code.Doubt = line.One(shown.Doubt.Error())
	}
	return code, nil
}

// resume has a device go on by this machine's clock, which a person says is right.
func (m *devices) resume(ctx context.Context, _ *request, p wire.NameParams) (none, error) {
	return none{}, m.codes.GoOn(ctx, p.Name)
}

func describeDevice(d inventory.Device) wire.Device {
	on := d.Placement()
	return wire.Device{
		Name: d.Name, Serial: d.Serial, Issuer: d.Issuer, Account: d.Account,
		Algorithm: d.Algorithm, Digits: d.Digits, Period: int(d.Period / time.Second), Created: d.Created(),
		Tokens: on.Tokens, Touch: on.Touch, Adopted: on.Adopted,
	}
}
