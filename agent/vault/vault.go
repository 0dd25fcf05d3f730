// Package vault is the agent's way to its vault: it opens the folder at the first
// use, unlocks it by any of its slots, in one flight however many ask, and keeps
// it locked once the person has locked it.
//
// Four rules are kept here and nowhere else. Whoever cannot prove that they could
// unlock the vault gets nothing that outlasts the unlock ([Access.Prove]). A lock
// of the person's wins over an unlock that is under way, and over all that waits
// ([Access.Refusal]). The vault locks when the token that unlocked it goes. And
// how long an unlock lasts is kept in the vault, where no other program can make
// it longer ([Access.SetHold]).
//
// A kind of slot is a row: how one is made, and how it opens the vault. What
// tokens open is one row for every [token.Kind] that there is.
//
// The package does not know what the vault keeps (see agent/inventory), and uses
// of a token only what opens vaults. It holds no lock while it waits for a person,
// a token or a disk. The rooms of the agent, and the methods for vaults and slots,
// call it.
package vault

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/mfad/mfad/agent/inventory"
	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/credproc/flight"
	"github.com/mfad/mfad/internal/durable"
	"github.com/mfad/mfad/internal/lane"
	"github.com/mfad/mfad/keystore"
)

// DefaultHold is how long an unlock lasts, unless the vault says otherwise.
const DefaultHold = time.Hour

// Options are what an [Access] is made of. All but Boot must be set.
type Options struct {
	Dir       string // of the vault
	HighWater string // the file that remembers which generation was seen last
	Keychain  Keychain
	Tokens    Tokens
	FS        durable.FS
	Logger    *slog.Logger
	Now       func() time.Time
	Boot      func() time.Duration // as in [keystore.Options]
	// Held, if set, is called when the vault's lock was taken: nobody else has the
	// vault from then on.
	Held func()
}

// Access is the way to one vault. It is safe for concurrent use.
type Access struct {
	dir     string
	options keystore.Options
	tools   tools
	ways    ways

	held      func()
	opening   lane.Lane
	unlocking flight.Group[attempt, credproc.Asker, *keystore.Vault]
	scrypt    scryptLane
	watches   watches
	state     state
}

// New returns the way to the vault in a folder, which is not looked at yet. The
// caller closes it.
func New(o Options) *Access {
	if o.Held == nil {
		o.Held = func() {}
	}
	return &Access{
		dir: o.Dir, held: o.Held,
		options: keystore.Options{
			FS: o.FS, Now: o.Now, Boot: o.Boot, HighWater: o.HighWater, Hold: DefaultHold,
			OneWayIn: true, // Create has the last word
		},
		tools: tools{o.Keychain, o.Tokens, o.Logger}, ways: allWays(o.Tokens.KeyKinds()),
		opening: lane.New(), scrypt: scryptLane{lane.New()},
	}
}

// Dir is the vault's folder.
func (a *Access) Dir() string { return a.dir }

// Open returns the vault, locked or not; it asks nobody. It waits for who opens or
// makes it just now. It wraps the errors of [keystore.Open].
func (a *Access) Open(ctx context.Context) (*keystore.Vault, error) {
	if v := a.Opened(); v != nil {
		return v, nil
	}
	if err := a.opening.Enter(ctx); err != nil {
		return nil, err
	}
	defer a.opening.Leave()
	if v := a.Opened(); v != nil {
		return v, nil
	}
	v, err := a.open(a.options)
	if err == nil {
		a.state.opened(v)
	}
	return v, err
}

// open opens the vault anew. If somebody else wrote the hold time, no unlock succeeds.
func (a *Access) open(o keystore.Options) (*keystore.Vault, error) {
	v, err := keystore.Open(a.dir, o)
	if err == nil {
		v.SetHold(inventory.SettingsOf(v, DefaultHold).Hold)
		a.held()
	}
	return v, err
}

// Opened is the vault if it was opened already, else nil. It waits for nothing.
func (a *Access) Opened() *keystore.Vault { return a.state.current() }

// Unlocked returns the vault unlocked; if it must, it asks whoever waits for the
// same unlock. While the person keeps the vault locked it refuses at once, with
// [Access.Refusal].
func (a *Access) Unlocked(ctx context.Context, ask credproc.Asker) (*keystore.Vault, error) {
	if err := a.Refusal(); err != nil {
		return nil, err
	}
	v, err := a.Open(ctx)
	if err != nil {
		return nil, err
	}
	if !v.Locked() {
		return v, nil
	}
	return a.unlock(ctx, v, "", ask)
}

// Use runs f with the vault unlocked, again if it was locked just before f used
// it: the hold time may end at any moment, and an unlock for one use goes to one
// of those who want it.
func (a *Access) Use(ctx context.Context, ask credproc.Asker, f func(*keystore.Vault) error) error {
	for {
		v, err := a.Unlocked(ctx, ask)
		if err != nil {
			return err
		}
		if err := f(v); !errors.Is(err, keystore.ErrLocked) {
			return err
		}
	}
}

// Verify makes sure that the public facts of the vault are those that were
// written, and not what somebody put into the file: it unlocks the vault unless
// that was done before.
func (a *Access) Verify(ctx context.Context, ask credproc.Asker) error {
	if a.state.isVerified() {
		return nil
	}
	_, err := a.Unlocked(ctx, ask)
	return err
}

// Refusal is nil unless the person keeps the vault locked; the error is a
// [errcode.VaultLocked]. What has waited for something asks again after.
func (a *Access) Refusal() error { return a.state.refusal() }

// Lock locks the vault until the person unlocks it, even for an unlock that is
// under way.
func (a *Access) Lock() {
	if v := a.state.shutNow(); v != nil {
		v.Lock()
	}
}

// SetHold sets for how long an unlock lasts: negative has no end, 0 is for one
// use. Who sets a longer time has proved that they may: see [Access.HeldLonger].
func (a *Access) SetHold(ctx context.Context, ask credproc.Asker, hold time.Duration) error {
	return a.Use(ctx, ask, func(v *keystore.Vault) error {
		settings := inventory.SettingsOf(v, DefaultHold)
		settings.Hold = hold
		if err := inventory.Store(v, &settings, nil); err != nil {
			return err
		}
		v.SetHold(hold)
		return nil
	})
}

// HeldLonger tells whether a hold time is longer than the one that counts.
func (a *Access) HeldLonger(ctx context.Context, hold time.Duration) (bool, error) {
	v, err := a.Open(ctx)
	return err == nil && longer(hold, v.Hold()), err
}

// longer compares hold times, of which a negative one has no end.
func longer(a, b time.Duration) bool { return b >= 0 && (a < 0 || a > b) }

// Close ends prompts that are open, closes the vault, and waits for what watches
// tokens.
func (a *Access) Close() error {
	a.unlocking.Close()
	v := a.Opened()
	if v == nil {
		return nil
	}
	err := v.Close()
	a.watches.wait()
	return err
}
