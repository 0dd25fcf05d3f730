package keystore

import (
	"io/fs"
	"math"
	"slices"
	"strconv"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/mfad/mfad/internal/durable"
	"github.com/mfad/mfad/internal/durable/faultfs"
)

// benchVault is a vault of as many items as a team's lead may have, in a file
// system that does not wait for the disk.
func benchVault(b *testing.B) (v *Vault, item Item, recovery age.Identity) {
	b.Helper()
	return benchVaultOf(b, 100, faultfs.New())
}

// benchVaultOf is a vault of so many items.
func benchVaultOf(b *testing.B, items int, fsys durable.FS) (v *Vault, item Item, recovery age.Identity) {
	b.Helper()
	r, paper, err := NewRecovery()
	if err != nil {
		b.Fatal(err)
	}
	defer paper.Destroy()
	if recovery, err = ParseRecovery(paper.Bytes()); err != nil {
		b.Fatal(err)
	}
	spec := SlotSpec{Kind: SlotRecovery, Recipient: r}
	v, err = Create(b.TempDir(), []SlotSpec{spec, spec}, Options{FS: fsys, Hold: -1})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = v.Close() })
	if item, err = v.Put(newBenchItem(), make([]byte, 100)); err != nil {
		b.Fatal(err)
	}
	key, err := v.hold.use()
	if err != nil {
		b.Fatal(err)
	}
	defer key.wipe()
	err = v.state.alter(key, func(c *change) error { // all others in one change
		for range items - 1 {
			other := newBenchItem()
			other.ID, other.Created = newID("totp"), wholeSeconds(time.Now())
			file, err := encrypt(make([]byte, 100), key.identity.Recipient())
			if err != nil {
				return err
			}
			c.putItem(-1, other, file)
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return v, item, recovery
}

func newBenchItem() Item {
	facts := map[string]string{"serial": "arn:aws:iam::123456789012:mfa/somebody", "period": "30"}
	return Item{Name: newID("item"), Kind: KindTOTP, Facts: facts}
}

func BenchmarkRead(b *testing.B) {
	v, item, _ := benchVault(b)
	for b.Loop() {
		secret, err := v.Read(item.ID)
		if err != nil {
			b.Fatal(err)
		}
		secret.Destroy()
	}
}

func BenchmarkUnlock(b *testing.B) {
	v, _, recovery := benchVault(b)
	slot := v.Slots()[0].ID
	for b.Loop() {
		if err := v.Unlock(b.Context(), slot, recovery); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPut(b *testing.B) {
	v, item, _ := benchVault(b)
	secret := make([]byte, 100)
	for b.Loop() {
		if _, err := v.Put(item, secret); err != nil {
			b.Fatal(err)
		}
	}
}

// drowsy is the real disk, which is waited for only when it is awake.
type drowsy struct {
	durable.FS
	awake bool
}

func (d *drowsy) SyncDir(name string) error {
	if !d.awake {
		return nil
	}
	return d.FS.SyncDir(name)
}

func (d *drowsy) OpenFile(name string, flag int, perm fs.FileMode) (durable.File, error) {
	f, err := d.FS.OpenFile(name, flag, perm)
	if err != nil || d.awake {
		return f, err
	}
	return unsynced{f}, nil
}

type unsynced struct{ durable.File }

func (unsynced) Sync() error { return nil }

// BenchmarkAdd adds an item to vaults of several sizes in turn, on the real disk, and
// tells the median of each in milliseconds, how many times that of 100 items the one
// of 5,000 takes, and the exponent by which the time grows between them.
func BenchmarkAdd(b *testing.B) {
	sizes := []int{10, 100, 1000, 5000}
	vaults, took := make([]*Vault, len(sizes)), make([][]float64, len(sizes))
	for i, size := range sizes {
		disk := &drowsy{FS: durable.OS}
		vaults[i], _, _ = benchVaultOf(b, size, disk)
		disk.awake = true
	}
	secret := make([]byte, 100)
	for b.Loop() {
		for i, v := range vaults {
			start := time.Now()
			item, err := v.Put(newBenchItem(), secret)
			took[i] = append(took[i], float64(time.Since(start))/float64(time.Millisecond))
			if err == nil {
				err = v.Remove(item.ID)
			}
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	median := map[int]float64{}
	for i, size := range sizes {
		slices.Sort(took[i])
		median[size] = took[i][len(took[i])/2]
		b.ReportMetric(median[size], "ms-at-"+strconv.Itoa(size))
	}
	ratio := median[5000] / median[100]
	b.ReportMetric(ratio, "5000/100")
	b.ReportMetric(math.Log(ratio)/math.Log(50), "exponent")
	b.ReportMetric(0, "ns/op")
}
