package keystore

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"

	"filippo.io/age"

	"github.com/mfad/mfad/internal/durable"
)

// tamper is a closed vault with two items, for a thief to work on.
type tamper struct {
	*fixture
	items  []Item
	broken *overlay // nil if files are changed on the disk
}

// overlay shows other content in the place of one file, and so spares the disk
// twenty thousand writes.
type overlay struct {
	durable.FS
	name string
	data []byte
}

func (o *overlay) ReadFile(name string) ([]byte, error) {
	if name == o.name {
		return slices.Clone(o.data), nil
	}
	return o.FS.ReadFile(name)
}

func (o *overlay) Lstat(name string) (fs.FileInfo, error) {
	if name == o.name {
		return fs.Stat(fstest.MapFS{"x": {Data: o.data, Mode: 0o600}}, "x")
	}
	return o.FS.Lstat(name)
}

func newTamper(t *testing.T, opts Options) *tamper {
	t.Helper()
	opts.Hold = -1
	f := newFixture(t, opts)
	phone := f.put(t, "phone", "one")
	f.put(t, "fob", "two")
	if err := f.SetFacts(phone.ID, map[string]string{"serial": "arn:aws:iam::123456789012:mfa/phone"}); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return &tamper{fixture: f, items: f.Items()}
}

// use opens, unlocks and reads all that there is, as a person would.
func (x *tamper) use(t *testing.T) error {
	t.Helper()
	v, err := Open(x.dir, x.opts)
	if err != nil {
		return err
	}
	defer v.Close()
	for at, id := range []age.Identity{x.recovery, x.keychain} {
		if err := v.Unlock(t.Context(), v.Slots()[at].ID, id); err != nil {
			return err
		}
	}
	for _, item := range v.Items() {
		secret, err := v.Read(item.ID)
		if err != nil {
			if r := v.Verify(); len(r.Faults) == 0 {
				t.Errorf("Verify is content, and Read says %v", err)
			}
			return err
		}
		secret.Destroy()
	}
	return nil
}

func (x *tamper) file(t *testing.T, rel string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(x.dir, rel))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (x *tamper) write(t *testing.T, rel string, data []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(x.dir, rel), data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// files are all that the vault is made of.
func (x *tamper) files() []string {
	all := []string{manifestFile}
	for _, s := range x.Slots() {
		all = append(all, s.File())
	}
	for _, i := range x.Items() {
		all = append(all, i.File())
	}
	return all
}

// TestEveryFlippedBitAndTruncationIsRefused goes through each bit and each
// length of each file; -short takes one of 13.
func TestEveryFlippedBitAndTruncationIsRefused(t *testing.T) {
	t.Parallel()
	broken := &overlay{FS: durable.OS}
	x := newTamper(t, Options{FS: broken})
	x.broken = broken
	flips, cuts := x.refuses(t, manifestFile, func() error { return x.use(t) })

	x.reopen(t)
	x.unlock(t)
	for at, id := range []age.Identity{x.recovery, x.keychain} {
		slot := x.Slots()[at]
		f, c := x.refuses(t, slot.File(), func() error { return x.Unlock(t.Context(), slot.ID, id) })
		flips, cuts = flips+f, cuts+c
	}
	for _, item := range x.items {
		f, c := x.refuses(t, item.File(), func() error {
			secret, err := x.Read(item.ID)
			secret.Destroy()
			if r := x.Verify(); (len(r.Faults) == 0) != (err == nil) {
				t.Errorf("Read says %v, and Verify %v", err, r.Faults)
			}
			return err
		})
		flips, cuts = flips+f, cuts+c
	}
	t.Logf("%d flips and %d truncations refused", flips, cuts)
}

// refuses breaks a file in every way, and wants use to notice.
func (x *tamper) refuses(t *testing.T, rel string, use func() error) (flips, cuts int) {
	t.Helper()
	good := x.file(t, rel)
	try := func(what string, at int, bad []byte) {
		x.broken.name, x.broken.data = filepath.Join(x.dir, rel), bad
		if err := use(); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %s at %d: %v", rel, what, at, err)
		}
	}
	step := 1
	if testing.Short() {
		step = 13
	}
	for bit := 0; bit < 8*len(good); bit += step {
		bad := slices.Clone(good)
		bad[bit/8] ^= 1 << (bit % 8)
		try("flipped bit", bit, bad)
	}
	for n := 0; n < len(good); n += step {
		try("truncation", n, good[:n])
	}
	try("longer", 1, append(slices.Clone(good), '\n'))
	x.broken.name = ""
	if err := use(); err != nil {
		t.Fatalf("%s restored: %v", rel, err)
	}
	return 8 * len(good) / step, len(good) / step
}

// edit rewrites vault.json in its right spelling, without the key of the MAC.
func (x *tamper) edit(t *testing.T, change func(m *manifest)) {
	t.Helper()
	m, err := parseManifest(x.file(t, manifestFile))
	if err != nil {
		t.Fatal(err)
	}
	change(m)
	x.write(t, manifestFile, m.spelled())
}

// TestWhatOnlyTheMACCatches is the work of somebody who knows the format, can
// write every file, and has the public recipient.
func TestWhatOnlyTheMACCatches(t *testing.T) {
	for name, attack := range map[string]func(t *testing.T, x *tamper){
		"forged item": func(t *testing.T, x *tamper) {
			to, err := age.ParseX25519Recipient(x.Recipient())
			if err != nil {
				t.Fatal(err)
			}
			forged, err := encrypt([]byte("forged"), to)
			if err != nil {
				t.Fatal(err)
			}
			x.write(t, x.items[0].File(), forged)
			x.edit(t, func(m *manifest) { m.Items[0].SHA256 = sumHex(forged) })
		},
		"swapped items": func(t *testing.T, x *tamper) {
			one, two := x.file(t, x.items[0].File()), x.file(t, x.items[1].File())
			x.write(t, x.items[0].File(), two)
			x.write(t, x.items[1].File(), one)
			x.edit(t, func(m *manifest) {
				m.Items[0].SHA256, m.Items[1].SHA256 = m.Items[1].SHA256, m.Items[0].SHA256
			})
		},
		"swapped names": func(t *testing.T, x *tamper) {
			x.edit(t, func(m *manifest) { m.Items[0].Name, m.Items[1].Name = m.Items[1].Name, m.Items[0].Name })
		},
		"order": func(t *testing.T, x *tamper) {
			x.edit(t, func(m *manifest) { m.Items[0], m.Items[1] = m.Items[1], m.Items[0] })
		},
		"another fact": func(t *testing.T, x *tamper) {
			x.edit(t, func(m *manifest) { m.Items[0].Facts["serial"] = "arn:aws:iam::210987654321:mfa/phone" })
		},
		"another generation": func(t *testing.T, x *tamper) { x.edit(t, func(m *manifest) { m.Generation++ }) },
		"another time": func(t *testing.T, x *tamper) {
			x.edit(t, func(m *manifest) { m.Items[0].Created = m.Items[0].Created.AddDate(1, 0, 0) })
		},
		"removed item":  func(t *testing.T, x *tamper) { x.edit(t, func(m *manifest) { m.Items = m.Items[:1] }) },
		"another label": func(t *testing.T, x *tamper) { x.edit(t, func(m *manifest) { m.Slots[1].Label = "yours" }) },
		"no MAC":        func(t *testing.T, x *tamper) { x.edit(t, func(m *manifest) { m.MAC = "" }) },
		"slot of another vault": func(t *testing.T, x *tamper) {
			// The thief's identity, wrapped for the person's recovery key.
			other, err := age.GenerateX25519Identity()
			if err != nil {
				t.Fatal(err)
			}
			slot, err := encrypt(newVaultKey(other).text(), x.recovery.(*age.X25519Identity).Recipient())
			if err != nil {
				t.Fatal(err)
			}
			x.write(t, x.Slots()[0].File(), slot)
			x.edit(t, func(m *manifest) { m.Slots[0].SHA256 = sumHex(slot) })
		},
	} {
		t.Run(name, func(t *testing.T) {
			x := newTamper(t, Options{})
			attack(t, x)
			wantError(t, x.use(t), ErrDamaged)
		})
	}
}

func TestMissingAndStrangeFilesAreRefused(t *testing.T) {
	x := newTamper(t, Options{})
	for _, rel := range x.files()[1:] {
		good := x.file(t, rel)
		name := filepath.Join(x.dir, rel)
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
		wantError(t, x.use(t), ErrDamaged)
		if err := os.Symlink("/dev/zero", name); err != nil {
			t.Fatal(err)
		}
		wantError(t, x.use(t), ErrDamaged)
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
		x.write(t, rel, make([]byte, maxFile+1))
		wantError(t, x.use(t), ErrDamaged)
		x.write(t, rel, good)
	}
	x.write(t, manifestFile, make([]byte, maxManifest+1))
	wantError(t, x.use(t), ErrDamaged)
}
