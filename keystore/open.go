package keystore

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/mfad/mfad/internal/durable"
	"github.com/mfad/mfad/internal/owner"
)

// Create makes a vault in dir, which may exist, and returns it open and
// unlocked. A vault with one way in is lost with it: Create wraps ErrLastSlot
// for fewer than two slots, unless opts.OneWayIn. It wraps ErrExists when dir
// holds a vault, or the items of one. It waits for the recipients' work, which
// is 0.6 s for a passphrase. The caller closes the vault.
//
// When Create fails, no vault was made, and what it wrote is removed.
func Create(dir string, slots []SlotSpec, opts Options) (*Vault, error) {
	opts = opts.withDefaults()
	if len(slots) < 2 && (len(slots) < 1 || !opts.OneWayIn) {
		return nil, fmt.Errorf("%w: a vault is made with at least two slots, such as a passphrase and a recovery key", ErrLastSlot)
	}
	f := folder{opts.FS, dir}
	if err := f.checkVacant(); err != nil {
		return nil, err
	}
	for _, sub := range []string{slotsDir, itemsDir} {
		if err := durable.MkdirAll(opts.FS, f.path(sub), 0o700); err != nil {
			return nil, fmt.Errorf("creating vault: %w", err)
		}
	}
	v, err := lockVault(f, opts)
	if err != nil {
		return nil, err
	}
	if err := v.create(slots); err != nil {
		return nil, errors.Join(err, v.Close())
	}
	return v, nil
}

func (v *Vault) create(specs []SlotSpec) error {
	if err := v.state.folder.checkVacant(); err != nil { // again, under the lock
		return err
	}
	key, err := generateVaultKey()
	if err != nil {
		return fmt.Errorf("creating vault: %w", err)
	}
	defer key.wipe()

	empty := &manifest{Format: formatName, Recipient: key.identity.Recipient().String(), Slots: []Slot{}, Items: []Item{}}
	v.state.clean()
	v.state.folder.sweep(empty) // a killed Create leaves slots
	c := change{next: empty.next()}
	for _, spec := range specs {
		slot, data, err := wrapSlot(spec, key, v.now())
		if err != nil {
			return err
		}
		c.addSlot(slot, data)
	}
	if err := v.state.begin(&c, key); err != nil {
		return fmt.Errorf("creating vault: %w", err)
	}
	v.hold.install(newSecret(key.text()))
	return nil
}

// Open opens the vault in dir, locked. It wraps ErrNoVault, ErrBusy while
// another process has the vault open, ErrForeign, ErrDamaged, ErrUnmarked, or
// ErrRolledBack. On a disk that can only be read the vault can, too: each change
// wraps ErrReadOnly. The caller closes the vault.
func Open(dir string, opts Options) (*Vault, error) {
	opts = opts.withDefaults()
	f := folder{opts.FS, dir}
	_, err := opts.FS.Lstat(f.path(manifestFile))
	if errors.Is(err, fs.ErrNotExist) {
		if unusable := owner.Unusable(dir); unusable != "" { // such as a disk that is not mounted
			return nil, fmt.Errorf("%w: %s", ErrDamaged, unusable)
		}
		return nil, fmt.Errorf("%w in %s", ErrNoVault, dir)
	}
	if err != nil {
		return nil, fmt.Errorf("opening vault: %w", err)
	}
	v, err := lockVault(f, opts)
	if err != nil {
		return nil, err
	}
	if err := v.state.load(); err != nil {
		return nil, errors.Join(fmt.Errorf("opening vault %s: %w", dir, err), v.Close())
	}
	return v, nil
}

func lockVault(f folder, opts Options) (*Vault, error) {
	if err := f.checkOwner(); err != nil {
		return nil, fmt.Errorf("opening vault: %w", err)
	}
	lock, err := durable.TryLockOrShare(f.path(lockFile))
	if errors.Is(err, durable.ErrLocked) {
		return nil, fmt.Errorf("%w: %s", ErrBusy, f.dir)
	}
	if err != nil {
		return nil, fmt.Errorf("opening vault: %w", err)
	}
	return &Vault{
		now:   opts.Now,
		state: state{folder: f, lock: lock, mark: highWater{fsys: opts.FS, file: opts.HighWater, accepts: opts.Restored}},
		hold:  hold{clock: clock{opts.Now, opts.Boot}, lasts: opts.Hold},
	}, nil
}
