package agent

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/credproc/flight"
	"github.com/mfad/mfad/internal/lane"
	"github.com/mfad/mfad/keystore"
)

// defaultHold is how long an unlock lasts, unless the vault says otherwise.
const defaultHold = time.Hour

// The hold time is kept in the vault, under its MAC: whoever can write in the
// home folder must not be able to lengthen it.
const (
	kindSettings = keystore.Kind("settings")
	holdName     = "hold"
	holdFact     = "seconds"
)

// door is the way to the vault: it opens it at the first use, unlocks it in
// one flight however many ask, and keeps it shut once the person has locked it.
type door struct {
	dir      string
	options  keystore.Options
	keychain Keychain
	tokens   Tokens
	log      *slog.Logger

	opening   lane.Lane
	unlocking flight.Group[attempt, credproc.Asker, *keystore.Vault]
	scrypt    lane.Lane // 256 MiB each
	guards    sync.WaitGroup

	mu       sync.Mutex
	vault    *keystore.Vault // nil until it was opened
	verified bool            // the public facts have passed the MAC
	shut     bool            // locked by the person, until they unlock it
	locks    uint64          // counts locks: an unlock under way notices
}

func newDoor(o Options) *door {
	return &door{
		dir: o.Home.Vault,
		options: keystore.Options{
			FS: o.FS, Now: o.Now, Boot: o.Boot, HighWater: o.Home.highWater(), Hold: defaultHold,
			OneWayIn: true, // waysIn has the last word
		},
		keychain: o.Keychain, tokens: o.Tokens, log: o.Logger,
		opening: lane.New(), scrypt: lane.New(),
	}
}

// open returns the vault, locked or not. It wraps keystore.ErrNoVault.
func (d *door) open(ctx context.Context) (*keystore.Vault, error) {
	if v := d.opened(); v != nil {
		return v, nil
	}
	if err := d.opening.Enter(ctx); err != nil {
		return nil, err
	}
	defer d.opening.Leave()
	if v := d.opened(); v != nil {
		return v, nil
	}
	v, err := keystore.Open(d.dir, d.options)
	if err != nil {
		return nil, err
	}
	v.SetHold(storedHold(v)) // if somebody else wrote it, no unlock succeeds
	d.mu.Lock()
	defer d.mu.Unlock()
	d.vault = v
	return v, nil
}

func (d *door) opened() *keystore.Vault {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.vault
}

// unlocked returns the vault unlocked, asking whoever rides along if it must.
// While the person keeps it locked it refuses at once.
func (d *door) unlocked(ctx context.Context, ask credproc.Asker) (*keystore.Vault, error) {
	if err := d.refusal(); err != nil {
		return nil, err
	}
	v, err := d.open(ctx)
	if err != nil {
		return nil, err
	}
	if !v.Locked() {
		return v, nil
	}
	return d.unlock(ctx, v, "", ask)
}

// use runs f with the vault unlocked, again if it was locked just before f
// used it: the hold time may end at any moment, and an unlock for one use goes
// to one of those who want it.
func (d *door) use(ctx context.Context, ask credproc.Asker, f func(*keystore.Vault) error) error {
	for {
		v, err := d.unlocked(ctx, ask)
		if err != nil {
			return err
		}
		if err := f(v); !errors.Is(err, keystore.ErrLocked) {
			return err
		}
	}
}

// refusal is nil unless the person keeps the vault locked.
func (d *door) refusal() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.shut {
		return wire.Errorf(wire.ErrVaultLocked, "vault %q was locked and stays so until it is unlocked", vaultName)
	}
	return nil
}

// lock locks the vault until the person unlocks it, even for an unlock that
// is under way.
func (d *door) lock() {
	d.mu.Lock()
	d.shut = true
	d.locks++
	v := d.vault
	d.mu.Unlock()
	if v != nil {
		v.Lock()
	}
}

// unlock tries slots as chosen, in one flight for all who want the same, and
// lifts a lock of the person's that stood when it began.
func (d *door) unlock(ctx context.Context, v *keystore.Vault, chosen string, ask credproc.Asker) (*keystore.Vault, error) {
	key := attempt{chosen, d.lockCount()}
	return d.unlocking.Do(ctx, key, ask, func(ctx context.Context, waiters *flight.Waiters[credproc.Asker]) (*keystore.Vault, error) {
		return v, d.pass(ctx, unlocker{door: d, vault: v, ask: credproc.Relay(waiters)}, key)
	})
}

// prove has the one who asks open the vault, though it be unlocked: what would
// outlast the unlock, or takes a secret out of the vault, is for who could
// unlock it, not for every process of the user. So nobody rides along. Why is
// for the person, the end of a sentence: "to add a way in".
func (d *door) prove(ctx context.Context, ask credproc.Asker, why string) error {
	a := attempt{locks: d.lockCount()}
	if err := d.refusal(); err != nil {
		return err
	}
	v, err := d.open(ctx)
	if err != nil {
		return err
	}
	return d.pass(ctx, unlocker{door: d, vault: v, ask: ask, why: why}, a)
}

// pass makes one attempt, which counts unless the person has locked the vault since.
func (d *door) pass(ctx context.Context, u unlocker, a attempt) error {
	if err := u.run(ctx, a.chosen); err != nil {
		return err
	}
	if !d.admit(u.vault, a.locks) {
		u.vault.Lock()
		return d.refusal()
	}
	return nil
}

// attempt is what one unlocking flight is for: the slots to try, and the
// number of locks before it, so that who unlocks after a lock rides no flight
// from before it.
type attempt struct {
	chosen string
	locks  uint64
}

func (d *door) lockCount() uint64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.locks
}

// admit notes that v was unlocked, unless it was locked by the person since.
func (d *door) admit(v *keystore.Vault, locks uint64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.locks != locks {
		return false
	}
	d.shut, d.verified = false, true
	return true
}

// adopt takes over a vault that was just made, unlocked.
func (d *door) adopt(v *keystore.Vault) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.vault, d.verified, d.shut = v, true, false
}

// trusted says that the vault's public facts are those that were written, not
// what somebody put into the file.
func (d *door) trusted() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.verified
}

// storedHold is the hold time that the vault keeps.
func storedHold(v *keystore.Vault) time.Duration {
	item, found := v.Find(kindSettings, holdName)
	if !found {
		return defaultHold
	}
	seconds, err := strconv.ParseInt(item.Facts[holdFact], 10, 32)
	if err != nil {
		return defaultHold
	}
	return time.Duration(seconds) * time.Second
}

// setHold keeps a new hold time in the unlocked vault and lets it count.
func setHold(v *keystore.Vault, hold time.Duration) error {
	facts := map[string]string{holdFact: strconv.FormatInt(int64(hold/time.Second), 10)}
	item, found := v.Find(kindSettings, holdName)
	if !found {
		item = keystore.Item{Name: holdName, Kind: kindSettings}
	}
	item.Facts = facts
	if _, err := v.Put(item, nil); err != nil {
		return err
	}
	v.SetHold(hold)
	return nil
}

// close ends prompts that are open and closes the vault.
func (d *door) close() error {
	d.unlocking.Close()
	v := d.opened()
	if v == nil {
		return nil
	}
	err := v.Close()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.guards.Wait()
	return err
}
