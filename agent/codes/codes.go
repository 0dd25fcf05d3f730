// Package codes gives MFA codes, each once: of a seed that the vault keeps, of a
// seed that is on a token, or as a person reads it off.
//
// AWS takes no code twice. So the ledger of [totp.Ledger] releases each step of a
// device to one caller, over restarts, and the next caller waits for the next step;
// a code that AWS cannot have seen is given back. Codes of devices without a seed
// are asked for, and what was typed a moment ago is not taken again.
//
// The package unlocks the vault if it must, through agent/vault, and leaves tokens
// to agent/ontoken. It does not send codes. The broker of package credproc calls
// it, as [credproc.Codes], and so do the methods for devices.
package codes

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"time"

	"github.com/mfad/mfad/agent/inventory"
	"github.com/mfad/mfad/agent/ontoken"
	"github.com/mfad/mfad/agent/vault"
	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/internal/errcode"
	"github.com/mfad/mfad/keystore"
	"github.com/mfad/mfad/token/totp"
)

// awsPeriod and awsCode are what AWS takes from every device.
const awsPeriod = 30 * time.Second

var awsCode = regexp.MustCompile(`^[0-9]{6}$`)

// Codes gives the codes of all devices. It is safe for concurrent use.
type Codes struct {
	access  *vault.Access
	applets *ontoken.Applets
	ledger  *totp.Ledger
	queues  queues
	typed   typedCodes
	now     func() time.Time
	log     *slog.Logger
}

var _ credproc.Codes = (*Codes)(nil)

// Options are what [Codes] are made of. All must be set.
type Options struct {
	Access  *vault.Access
	Applets *ontoken.Applets
	Ledger  *totp.Ledger
	Now     func() time.Time // the wall clock
	Logger  *slog.Logger
}

// New returns the codes of the devices of a vault, and of all others.
func New(o Options) *Codes {
	return &Codes{access: o.Access, applets: o.Applets, ledger: o.Ledger, now: o.Now, log: o.Logger}
}

// Code implements [credproc.Codes]: a code of a device of the vault, or of one
// whose code the person reads off.
func (c *Codes) Code(ctx context.Context, why credproc.Purpose, again string, ask credproc.Asker) (credproc.Code, error) {
	v, err := c.access.Open(ctx)
	if err != nil && !errors.Is(err, keystore.ErrNoVault) {
		return credproc.Code{}, err
	}
	if v != nil {
		if device, found := inventory.DeviceOfSerial(v, why.Serial); found {
			return c.stored(ctx, release{c, device, cmp.Or(why.Profile, "device "+device.Name), ask, true})
		}
	}
	return c.askFor(ctx, why, again, ask)
}

func (c *Codes) stored(ctx context.Context, r release) (credproc.Code, error) {
	digits, step, err := r.run(ctx)
	if err != nil {
		return credproc.Code{}, fmt.Errorf("device %q: %w", r.device.Name, err)
	}
	if !awsCode.MatchString(digits) {
		step.Return()
		return credproc.Code{}, errcode.Errorf(errcode.BadSeed,
			"device %q gives codes of %d digits and AWS takes 6: it is not the seed of an AWS device", r.device.Name, len(digits))
	}
	return credproc.Code{Digits: digits, Unsent: step.Return}, nil
}

// Show gives a code of a device of the vault, meant by its name or its serial, for
// a person to type; it ends with its step. Nobody else gets it. It wraps
// [keystore.ErrNoItem].
func (c *Codes) Show(ctx context.Context, name string, ask credproc.Asker) (digits string, expires time.Time, err error) {
	if err := c.access.Refusal(); err != nil {
		return "", time.Time{}, err
	}
	v, err := c.access.Open(ctx)
	if err != nil {
		return "", time.Time{}, err
	}
	device, err := inventory.FindDevice(v, name)
	if err != nil {
		return "", time.Time{}, err
	}
	digits, step, err := release{c, device, "device " + device.Name, ask, false}.run(ctx)
	return digits, step.Expires, err
}

// Skew corrects the codes by what AWS says of our clock: it is the time to add.
func (c *Codes) Skew(d time.Duration) {
	if err := c.ledger.SetSkew(d); err != nil {
		c.log.Warn("clock skew was not recorded", "err", err)
	}
}

// Carry has the ledger know a device that was stored anew: a code that was
// released of the old item is not released of the new one.
func (c *Codes) Carry(old, now inventory.Device) {
	if ledgerName(old) == ledgerName(now) || c.ledger.NextIn(ledgerName(old), now.Period) == 0 {
		return
	}
	if err := c.ledger.Mark(ledgerName(now), now.Period); err != nil {
		c.log.Warn("that a code was used was not recorded", "device", now.Name, "err", err)
	}
}

// ledgerName is what the ledger knows a device by: AWS's name for it, which
// another item may get one day, else the item.
func ledgerName(d inventory.Device) string { return cmp.Or(d.Serial, d.ID()) }
