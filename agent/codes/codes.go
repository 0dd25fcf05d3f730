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
	mfaserial "github.com/mfad/mfad/internal/serial"
	"github.com/mfad/mfad/keystore"
	"github.com/mfad/mfad/token/totp"
)

var awsCode = regexp.MustCompile(`^[0-9]{6}$`)

// CheckAWS refuses a device whose seed gives no codes that AWS takes, and that is to
// have a serial number of AWS. What is not known of it may be right.
func CheckAWS(d inventory.Device) error {
	why := mfaserial.CheckCodes(d.Digits, d.Period, d.Algorithm)
	if why == nil {
		return nil
	}
	return errcode.With(errcode.Errorf(errcode.BadSeed,
		"device %q gives %d digits by %s every %s, and %v; without a serial number it can be kept",
		d.Name, d.Digits, d.Algorithm, d.Period, why), "device", d.Name)
}

// Codes gives the codes of all devices. It is safe for concurrent use.
type Codes struct {
	access  *vault.Access
	applets *ontoken.Applets
	ledger  *totp.Ledger
	queues  queues
	typed   typedCodes
	now     func() time.Time
	askTime func(ctx context.Context, serial string) error
	untold  failure
	log     *slog.Logger
}

var _ credproc.Codes = (*Codes)(nil)

// Options are what [Codes] are made of. All must be set.
type Options struct {
	Access  *vault.Access
	Applets *ontoken.Applets
	Ledger  *totp.Ledger
	Now     func() time.Time // the wall clock
	// AskTime has AWS tell its time, to Skew, where the device of a serial number
	// belongs.
	AskTime func(ctx context.Context, serial string) error
	Logger  *slog.Logger
}

// New returns the codes of the devices of a vault, and of all others.
func New(o Options) *Codes {
	return &Codes{access: o.Access, applets: o.Applets, ledger: o.Ledger, now: o.Now, askTime: o.AskTime, log: o.Logger}
}

// Code implements [credproc.Codes]: a code of a device of the vault, or of one
// whose code the person reads off.
func (c *Codes) Code(ctx context.Context, want credproc.CodeRequest, ask credproc.Asker) (credproc.Code, error) {
	v, err := c.access.Open(ctx)
	if err != nil && !errors.Is(err, keystore.ErrNoVault) {
		return credproc.Code{}, err
	}
	if v != nil {
		if device, found := inventory.DeviceOfSerial(v, want.Serial); found {
			purpose := cmp.Or(want.Profile, "device "+device.Name)
			return c.stored(ctx, release{c, device, purpose, ask, timer{want.AskTime, &c.untold}, true})
		}
	}
	return c.askFor(ctx, want.Purpose, want.Again, ask)
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

// Shown is a code for a person to type.
type Shown struct {
	Digits  string
	Expires time.Time // the end of its step, on this machine's clock
	// Skew is what AWS said of our clock, when that is more than codes are
	// corrected by: AWS does not take the code.
	Skew time.Duration
	// Doubt is why AWS did not tell its time, when the code depends on it.
	Doubt error
}

// Show gives a code of a device of the vault, meant by its name or its serial, for
// a person to type. Nobody else gets it. It wraps [keystore.ErrNoItem].
func (c *Codes) Show(ctx context.Context, name string, ask credproc.Asker) (Shown, error) {
	if err := c.access.Refusal(); err != nil {
		return Shown{}, err
	}
	device, err := c.find(ctx, name)
	if err != nil {
		return Shown{}, err
	}
	digits, step, err := c.forPerson(device, ask).run(ctx)
	if err != nil {
		return Shown{}, err
	}
	shown := Shown{Digits: digits, Expires: step.Expires}
	if observed := c.ledger.Observed(); observed != c.ledger.Skew() {
		shown.Skew = observed
	}
	if c.ledger.Doubtful() {
		shown.Doubt = c.untold.last()
	}
	return shown, nil
}

// GoOn has a device of the vault go on by a person's word that this machine's
// clock is right, after it gave a code of a time to come. It wraps
// [keystore.ErrNoItem].
func (c *Codes) GoOn(ctx context.Context, name string) error {
	device, err := c.find(ctx, name)
	if err != nil {
		return err
	}
	return c.ledger.GoOn(ledgerName(device))
}

func (c *Codes) find(ctx context.Context, name string) (inventory.Device, error) {
	v, err := c.access.Open(ctx)
	if err != nil {
		return inventory.Device{}, err
	}
	return inventory.FindDevice(v, name)
}

// forPerson is a release to who asked for the device itself.
func (c *Codes) forPerson(d inventory.Device, ask credproc.Asker) release {
	askTime := func(ctx context.Context) error { return c.askTime(ctx, d.Serial) }
	return release{c, d, "device " + d.Name, ask, timer{askTime, &c.untold}, false}
}

// Skew corrects the codes by what AWS says of our clock: it is the time to add.
func (c *Codes) Skew(d time.Duration) {
	if err := c.ledger.SetSkew(d); err != nil {
		c.log.Warn("clock skew was not recorded", "err", err)
	}
}

// Carry has the ledger know a device by what it is now, or is about to be: a code
// that was released of the old one is not released of the new one.
func (c *Codes) Carry(old, now inventory.Device) error {
	if old.ID() == "" {
		return nil // there was none
	}
	return c.ledger.Carry(ledgerName(old), ledgerName(now))
}

// ledgerName is what the ledger knows a device by: AWS's name for it, which
// another item may get one day, else the item.
func ledgerName(d inventory.Device) string { return cmp.Or(d.Serial, d.ID()) }
