package keystore

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"filippo.io/age"

	"github.com/mfad/mfad/internal/durable/faultfs"
)

// stage is a vault on a breakable file system, with two slots and an item.
type stage struct {
	fsys     *faultfs.FS
	root     string
	opts     Options
	specs    []SlotSpec
	recovery age.Identity
	vault    *Vault // nil until created
}

func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{fsys: faultfs.New(), root: t.TempDir()}
	s.opts = Options{FS: s.fsys, Hold: -1, HighWater: filepath.Join(s.root, "state", "mark")}
	var f fixture
	s.recovery = f.unlocker(t, SlotRecovery, &s.specs)
	f.unlocker(t, SlotKeychain, &s.specs)
	return s
}

func (s *stage) dir() string { return filepath.Join(s.root, "vaults", "default") }

// fill makes the vault that most operations start from.
func (s *stage) fill(t *testing.T) {
	t.Helper()
	var err error
	if s.vault, err = Create(s.dir(), s.specs, s.opts); err != nil {
		t.Fatal(err)
	}
	if _, err = s.vault.Put(Item{Name: "phone", Kind: KindTOTP}, []byte("old")); err != nil {
		t.Fatal(err)
	}
}

// look opens the vault after a crash, as the next process does, and describes
// what it finds; "no vault" when there is none.
func (s *stage) look(t *testing.T) string {
	t.Helper()
	if s.vault != nil {
		_ = s.vault.Close()
	}
	v, err := Open(s.dir(), s.opts)
	if errors.Is(err, ErrNoVault) {
		return "no vault"
	}
	if err != nil {
		t.Fatalf("opening: %v", err)
	}
	defer v.Close()
	if err := v.Unlock(context.Background(), slotOf(v, SlotRecovery), s.recovery); err != nil {
		t.Fatalf("unlocking: %v", err)
	}
	if r := v.Verify(); len(r.Faults) > 0 {
		t.Errorf("faults: %v", r.Faults)
	}
	if strays := v.state.folder.strays(v.state.manifest()); len(strays) > 0 {
		t.Errorf("left behind: %v", strays)
	}
	s.wantNoTemporaryFiles(t)
	return describe(t, v)
}

func slotOf(v *Vault, kind SlotKind) string {
	for _, s := range v.Slots() {
		if s.Kind == kind {
			return s.ID
		}
	}
	return ""
}

// describe is all that a vault holds, but for what is random.
func describe(t *testing.T, v *Vault) string {
	t.Helper()
	var all []any
	for _, s := range v.Slots() {
		all = append(all, s.Kind)
	}
	for _, i := range v.Items() {
		secret, err := v.Read(i.ID)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, i.Name, i.Facts, string(secret.Bytes()))
		secret.Destroy()
	}
	text, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func (s *stage) wantNoTemporaryFiles(t *testing.T) {
	t.Helper()
	err := filepath.WalkDir(s.root, func(path string, _ os.DirEntry, err error) error {
		if strings.HasSuffix(path, ".mfad-tmp") {
			t.Errorf("left behind: %s", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// operations are all the writes of a vault.
var operations = []struct {
	name string
	cold bool // starts without a vault
	act  func(s *stage) error
}{
	{"create", true, func(s *stage) (err error) {
		s.vault, err = Create(s.dir(), s.specs, s.opts)
		return err
	}},
	{"create over a mark", true, func(s *stage) (err error) {
		foreign := mark{s.specs[0].Recipient.(*age.X25519Recipient).String(), 99}
		state := filepath.Dir(s.opts.HighWater)
		if err := errors.Join(os.MkdirAll(state, 0o700), os.WriteFile(s.opts.HighWater, foreign.encode(), 0o600)); err != nil {
			return err
		}
		s.vault, err = Create(s.dir(), s.specs, s.opts)
		return err
	}},
	{"put", false, func(s *stage) error {
		_, err := s.vault.Put(Item{Name: "fob", Kind: KindTOTP}, []byte("two"))
		return err
	}},
	{"replace", false, func(s *stage) error {
		item, _ := s.vault.Find(KindTOTP, "phone")
		_, err := s.vault.Put(item, []byte("new"))
		return err
	}},
	{"replace by another kind", false, func(s *stage) error {
		item, _ := s.vault.Find(KindTOTP, "phone")
		_, err := s.vault.Replace(item, Item{Name: "phone", Kind: KindOATH, Facts: map[string]string{"tokens": "1"}}, nil)
		return err
	}},
	{"set facts", false, func(s *stage) error {
		return s.vault.SetFacts(s.vault.Items()[0].ID, map[string]string{"serial": "1"})
	}},
	{"rename", false, func(s *stage) error { return s.vault.Rename(s.vault.Items()[0].ID, "mobile", KindOATH) }},
	{"remove", false, func(s *stage) error { return s.vault.Remove(s.vault.Items()[0].ID) }},
	{"add slot", false, func(s *stage) error {
		spec := s.specs[1]
		spec.Kind = SlotPlugin
		_, err := s.vault.AddSlot(spec)
		return err
	}},
	{"remove slot", false, func(s *stage) error {
		return s.vault.RemoveSlot(slotOf(s.vault, SlotKeychain), true)
	}},
	{"open and unlock", false, func(s *stage) error {
		if err := s.vault.Close(); err != nil {
			return err
		}
		v, err := Open(s.dir(), s.opts)
		if err != nil {
			return err
		}
		s.vault = v
		return v.Unlock(context.Background(), slotOf(v, SlotRecovery), s.recovery)
	}},
}

// begin sets the stage for an operation, and describes it.
func begin(t *testing.T, cold bool) (s *stage, old string) {
	t.Helper()
	s = newStage(t)
	if cold {
		return s, "no vault"
	}
	s.fill(t)
	return s, describe(t, s.vault)
}

// measure counts the steps of an operation, and describes what it leads to.
func measure(t *testing.T, cold bool, act func(*stage) error) (steps int, after string) {
	t.Helper()
	s, _ := begin(t, cold)
	s.fsys.Arm(faultfs.Fault{})
	if err := act(s); err != nil {
		t.Fatal(err)
	}
	steps = s.fsys.Steps()
	return steps, s.look(t)
}

// TestEveryFaultLeavesOldOrNew breaks each step of each write, in each way, and
// opens the vault again.
func TestEveryFaultLeavesOldOrNew(t *testing.T) {
	t.Parallel()
	var total atomic.Int64
	t.Cleanup(func() { t.Logf("%d faults", total.Load()) })
	for _, op := range operations {
		t.Run(op.name, func(t *testing.T) {
			t.Parallel()
			steps, after := measure(t, op.cold, op.act)
			for _, fault := range faultfs.Every(steps) {
				s, old := begin(t, op.cold)
				s.fsys.Arm(fault)
				err := op.act(s)
				if errors.Is(fault.Err, faultfs.ErrKilled) {
					if crash := s.fsys.Crash(); crash != nil {
						t.Fatal(crash)
					}
					s.fsys.Arm(faultfs.Fault{})
				} else if s.vault != nil && !s.vault.Locked() {
					s.fsys.Arm(faultfs.Fault{})
					if err != nil && !errors.Is(err, ErrUncertain) && !op.cold && describe(t, s.vault) != old {
						t.Errorf("%v: %v, and yet the old state is gone", fault, err)
					}
					s.wantAlive(t, fault)
				}
				if found := s.look(t); found != old && found != after || err == nil && found != after {
					t.Errorf("%v, with error %v: found %s; old %s, new %s", fault, err, found, old, after)
				}
			}
			total.Add(int64(4 * steps))
		})
	}
}

// wantAlive checks that a vault whose write failed believes what is on the
// disk, and goes on working.
func (s *stage) wantAlive(t *testing.T, fault faultfs.Fault) {
	t.Helper()
	before := describe(t, s.vault)
	item, err := s.vault.Put(Item{Name: "later", Kind: KindTOTP}, nil)
	if err == nil {
		err = s.vault.Remove(item.ID)
	}
	if err != nil {
		t.Errorf("%v: writing again: %v", fault, err)
	}
	if found := s.look(t); found != before {
		t.Errorf("%v: remembered %s, found %s", fault, before, found)
	}
}

// TestPowerCutAfterAKillAndAnUnlock is the kill that leaves a vault.json which
// can be seen but is not on the disk: the Unlock that follows must neither
// raise the mark nor remove files as if it were.
func TestPowerCutAfterAKillAndAnUnlock(t *testing.T) {
	t.Parallel()
	for _, op := range operations {
		if op.cold {
			continue
		}
		t.Run(op.name, func(t *testing.T) {
			t.Parallel()
			steps, after := measure(t, op.cold, op.act)
			for step := 1; step <= steps; step++ {
				s, old := begin(t, op.cold)
				s.fsys.Arm(faultfs.Fault{Step: step, Err: faultfs.ErrKilled})
				_ = op.act(s)
				s.fsys.Arm(faultfs.Fault{})
				seen := s.look(t)
				s.fsys.Arm(faultfs.Fault{Cut: true})
				if err := s.fsys.Crash(); err != nil {
					t.Fatal(err)
				}
				s.fsys.Arm(faultfs.Fault{})
				if found := s.look(t); found != seen || found != old && found != after {
					t.Errorf("killed at step %d: saw %s and found %s; old %s, new %s", step, seen, found, old, after)
				}
			}
		})
	}
}
