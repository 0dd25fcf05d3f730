// Package naming changes what the vault calls a device or an access key, and what AWS
// calls a device. The secret stays what and where it is.
//
// A code that was released of a device stays released, whatever the device is called
// then: the ledger is told first. Sessions stay too, because what makes them is what
// AWS goes by, and not a name of the vault.
//
// The package proves nothing, and knows no profile: package agent decides what a new
// name takes, and tells which profiles the old one stands in.
package naming

import (
	"context"
	"fmt"

	"github.com/mfad/mfad/agent/codes"
	"github.com/mfad/mfad/agent/inventory"
	"github.com/mfad/mfad/agent/vault"
	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/credproc/config"
	"github.com/mfad/mfad/internal/errcode"
	"github.com/mfad/mfad/internal/serial"
	"github.com/mfad/mfad/keystore"
)

// Names changes names in a vault. It is safe for concurrent use.
type Names struct {
	access *vault.Access
	codes  *codes.Codes
}

// New returns the names of a vault, whose devices give those codes.
func New(access *vault.Access, given *codes.Codes) *Names { return &Names{access, given} }

// Check refuses what cannot be the name of what, such as "a device".
func Check(what, name string) error {
	if config.ValidName(name) {
		return nil
	}
	return errcode.Errorf(errcode.BadRequest, "%.80q cannot be the name of %s: it has 1 to 64 letters, digits, and _.@/+:-", name, what)
}

// PlanDevice finds the device that is to get another name, and refuses the name if
// another device is known by it. It wraps [keystore.ErrNoItem] and
// [keystore.ErrItemExists].
func PlanDevice(v *keystore.Vault, name, to string) (inventory.Device, error) {
	d, err := inventory.FindDevice(v, name)
	if err == nil {
		err = Check("a device", to)
	}
	if other, found := inventory.DeviceOfSerial(v, to); err == nil && found && other.ID() != d.ID() {
		err = fmt.Errorf("%w: %s is the serial number of device %q", keystore.ErrItemExists, to, other.Name)
	}
	if other, found := inventory.DeviceNamed(v, to); err == nil && found && other.ID() != d.ID() {
		err = fmt.Errorf("%w: the vault has a device named %q", keystore.ErrItemExists, to)
	}
	return d, err
}

// Device gives a device another name.
func (n *Names) Device(ctx context.Context, name, to string, ask credproc.Asker) (d inventory.Device, err error) {
	err = n.access.Use(ctx, ask, func(v *keystore.Vault) error {
		if d, err = PlanDevice(v, name, to); err != nil {
			return err
		}
		return inventory.Rename(v, &d, to)
	})
	return d, err
}

// PlanKey is [PlanDevice] for an access key. It wraps [credproc.ErrNoKey] and
// [keystore.ErrItemExists].
func PlanKey(v *keystore.Vault, name, to string) (inventory.Key, error) {
	k, err := inventory.FindKey(v, name)
	if err == nil {
		err = Check("an access key", to)
	}
	if other, found := inventory.KeyOfID(v, to); err == nil && found && other.ID() != k.ID() {
		err = fmt.Errorf("%w: %s is access key %q", keystore.ErrItemExists, to, other.Name)
	}
	if other, found := inventory.KeyNamed(v, to); err == nil && found && other.ID() != k.ID() {
		err = fmt.Errorf("%w: the vault has an access key named %q, %s", keystore.ErrItemExists, to, other.AccessKeyID)
	}
	return k, err
}

// Key gives an access key another name.
func (n *Names) Key(ctx context.Context, name, to string, ask credproc.Asker) (k inventory.Key, err error) {
	err = n.access.Use(ctx, ask, func(v *keystore.Vault) error {
		if k, err = PlanKey(v, name, to); err != nil {
			return err
		}
		return inventory.Rename(v, &k, to)
	})
	return k, err
}

// PlanSerial finds the device that is to get another serial number, or none, and
// refuses one that is another's, or that can give no code. It wraps
// [keystore.ErrNoItem] and [keystore.ErrItemExists].
func PlanSerial(v *keystore.Vault, name, number string) (inventory.Device, error) {
	d, err := inventory.FindDevice(v, name)
	if err != nil || number == "" {
		return d, err
	}
	if err := serial.Check(number); err != nil {
		return d, errcode.Errorf(errcode.BadRequest, "%v", err)
	}
	if other, found := inventory.DeviceOfSerial(v, number); found && other.ID() != d.ID() {
		return d, fmt.Errorf("%w: %s is in the vault as device %q", keystore.ErrItemExists, number, other.Name)
	}
	return d, codes.CheckAWS(d)
}

// Serial gives a device another serial number, or none.
func (n *Names) Serial(ctx context.Context, name, number string, ask credproc.Asker) (d inventory.Device, err error) {
	err = n.access.Use(ctx, ask, func(v *keystore.Vault) error {
		if d, err = PlanSerial(v, name, number); err != nil {
			return err
		}
		old := d
		d.Serial = number
		if err := n.codes.Carry(old, d); err != nil {
			return err
		}
		return inventory.StoreFacts(v, &d)
	})
	return d, err
}
