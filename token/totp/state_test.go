package totp

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mfad/mfad/internal/durable"
	"github.com/mfad/mfad/internal/durable/faultfs"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// written is a ledger's file in which phone is used for half a minute from noon.
func written() []byte {
	s := state{skew: 1500 * time.Millisecond}.clone()
	s.use(phone, span{noon.Unix(), noon.Unix() + 30}, 0)
	return s.encode()
}

func place(t testing.TB, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ledger.json")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDamagedLedgerKeepsTheCurrentStepBack(t *testing.T) {
	good := written()
	for name, data := range map[string][]byte{
		"empty":            {},
		"garbage":          []byte("garbage"),
		"nothing known":    []byte("{}\n"),
		"null":             []byte("null\n"),
		"cut off":          good[:len(good)/2],
		"no newline":       good[:len(good)-1],
		"more behind":      append(bytes.Clone(good), "{}"...),
		"edited":           bytes.Replace(good, []byte(`"usedUntil":0`), []byte(`"usedUntil":1`), 1),
		"unknown field":    bytes.Replace(good, []byte(`{"format"`), []byte(`{"x":1,"format"`), 1),
		"far too large":    bytes.Repeat([]byte(" "), maxLedger+1),
		"impossible time":  state{floor: 1 << 62}.encode(),
		"impossible until": state{devices: map[string]use{"x": {until: -1}}}.encode(),
	} {
		path := place(t, data)
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(7*time.Second + time.Millisecond)
			start := time.Now().Truncate(30 * time.Second)
			l := open(t, path, time.Now)
			if d := l.Damage(); !strings.Contains(d, "is damaged") || strings.ContainsAny(d, "\n") {
				t.Errorf("%s: damage %q", name, d)
			}
			for _, device := range []string{phone, fob} {
				if wait := l.NextIn(device, 30*time.Second); wait <= 22*time.Second {
					t.Errorf("%s: %s is free in %v", name, device, wait)
				}
			}
			l = open(t, path, time.Now) // a restart before anything was written
			if step, _ := take(t, l, phone); !step.At.Equal(start.Add(30 * time.Second)) {
				t.Errorf("%s: first step at %v", name, step.At.Sub(start))
			}
			if d := open(t, path, time.Now).Damage(); d != "" {
				t.Errorf("%s: still damaged after a release: %s", name, d)
			}
		})
	}
}

// With any bit flipped and any length cut, the ledger is damaged, or refused;
// it never forgets what it knew.
func TestDamageOfOneBitIsSeen(t *testing.T) {
	good := written()
	if _, err := parseState("ledger", good); err != nil {
		t.Fatal(err)
	}
	for i := range good {
		if _, err := parseState("ledger", good[:i]); err == nil {
			t.Errorf("cut to %d bytes it is believed", i)
		}
		for bit := range 8 {
			flipped := bytes.Clone(good)
			flipped[i] ^= 1 << bit
			if _, err := parseState("ledger", flipped); err == nil {
				t.Errorf("with bit %d of byte %d flipped it is believed", bit, i)
			}
		}
	}
}

func TestLedgerOfANewerFormatIsLeftAlone(t *testing.T) {
	newer := []byte(`{"format":3,"steps":[]}` + "\n")
	path := place(t, newer)
	_, err := OpenLedger(durable.OS, path, Clock{Now: time.Now})
	if err == nil || !strings.Contains(err.Error(), "update mfad") {
		t.Errorf("error %v", err)
	}
	if data, _ := os.ReadFile(path); !bytes.Equal(data, newer) {
		t.Error("the file was changed")
	}
}

// What mfad 0.1 wrote is read, and nothing that it gave is given again.
func TestLedgerOfTheFirstFormatIsRead(t *testing.T) {
	end := noon.Unix() + 30
	old := ledgerFile{
		Format: 1, SkewMilliseconds: 1500, Devices: map[string]int64{phone: end, fob: end + 60},
		Spent: map[string][]int64{phone: {end + 300, end + 600}},
	}
	l := open(t, place(t, old.sealed()), func() time.Time { return noon })
	if l.Damage() != "" || l.Skew() != 1500*time.Millisecond {
		t.Fatalf("damage %q, skew %v", l.Damage(), l.Skew())
	}
	for _, used := range []struct {
		device string
		end    int64
	}{{phone, end}, {fob, end + 60}, {phone, end + 300}, {phone, end + 600}} {
		if l.current().wait(used.device, time.Unix(used.end-30, 0), 30*time.Second) == 0 {
			t.Errorf("%s gives the step that ends at %d again", used.device, used.end)
		}
	}
	if l.current().wait(phone, time.Unix(end, 0), 30*time.Second) != 0 {
		t.Error("an unused step is passed over")
	}
	spoilt := bytes.Replace(old.sealed(), []byte(`"usedUntil":0`), []byte(`"usedUntil":1`), 1)
	if open(t, place(t, spoilt), func() time.Time { return noon }).Damage() == "" {
		t.Error("one without its checksum is believed")
	}
}

func TestLedgerForgetsTheOldestBeyondItsBound(t *testing.T) {
	s := state{}.clone()
	for i := range maxDevices + 5 {
		s.use(fmt.Sprint("device ", i), span{int64(970 + i), int64(1000 + i)}, 0)
	}
	if len(s.devices) != maxDevices || s.devices["device 4"].until != 0 || s.devices["device 5"].until != 1005 {
		t.Errorf("%d devices are kept", len(s.devices))
	}
	for i := range 2 * maxDevices { // of those that are forgotten, what they gave is not
		name, at := fmt.Sprint("device ", i), time.Unix(int64(970+i), 0)
		if wait := s.wait(name, at, 15*time.Second); i < maxDevices+5 && wait == 0 {
			t.Errorf("%s gives its step again", name)
		}
	}
	if n := len(s.encode()); n > maxLedger {
		t.Errorf("a full ledger has %d bytes", n)
	}
}

// life is what an agent does with a ledger: it returns which steps were given
// out and may have reached AWS.
func life(t *testing.T, fsys durable.FS, path string, now *time.Time) map[string]int64 {
	sent := map[string]int64{}
	l, err := OpenLedger(fsys, path, Clock{Now: func() time.Time { return *now }})
	if err != nil {
		return sent
	}
	for range 2 {
		if step, err := l.Take(t.Context(), phone, 30*time.Second, nil); err == nil {
			sent[phone] = step.At.Unix()
		}
		if step, err := l.Take(t.Context(), fob, 30*time.Second, nil); err == nil {
			step.Return() // AWS never saw it
		}
		if err := l.Mark("typed", 30*time.Second); err == nil {
			sent["typed"] = now.Unix()
		}
		*now = now.Add(30 * time.Second)
	}
	_ = l.SetSkew(5 * time.Second)
	return sent
}

func TestCrashAtEveryStepForgetsNoCodeThatWasGivenOut(t *testing.T) {
	count := faultfs.New()
	now := noon
	if life(t, count, ledgerPath(t), &now); count.Steps() < 20 {
		t.Fatalf("a life of only %d steps", count.Steps())
	}
	for _, fault := range faultfs.Every(count.Steps()) {
		path := ledgerPath(t)
		now = noon
		fsys := faultfs.New()
		fsys.Arm(fault)
		sent := life(t, fsys, path, &now)
		if err := fsys.Crash(); err != nil {
			t.Fatal(err)
		}
		l := open(t, path, func() time.Time { return now })
		if d := l.Damage(); d != "" {
			t.Errorf("%v: %s", fault, d)
		}
		for device, at := range sent {
			if until := l.current().devices[device].until; until < at+30 {
				t.Errorf("%v: %s is free from %d, but its step at %d was given out", fault, device, until, at)
			}
		}
		entries, err := os.ReadDir(filepath.Dir(path))
		if err != nil || len(entries) > 1 {
			t.Errorf("%v: %d files after opening again, %v", fault, len(entries), err)
		}
	}
}

func TestFullDiskGivesNoCodeAndLosesNothing(t *testing.T) {
	path := ledgerPath(t)
	now := noon
	fsys := faultfs.New()
	l, err := OpenLedger(fsys, path, Clock{Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	take(t, l, phone)
	now = now.Add(30 * time.Second)
	for step := range 4 { // open, write, sync, close
		fsys.Arm(faultfs.Fault{Step: step + 1, Err: syscall.ENOSPC})
		if _, err := l.Take(t.Context(), phone, 30*time.Second, nil); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("Take on a full disk: %v", err)
		}
		fsys.Arm(faultfs.Fault{Step: step + 1, Err: syscall.ENOSPC})
		if err := l.Mark(fob, 30*time.Second); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("Mark on a full disk: %v", err)
		}
	}
	fsys.Arm(faultfs.Fault{})
	if step, told := take(t, l, phone); !step.At.Equal(now) || told != nil {
		t.Errorf("with space again: step at %v, told %v", step.At, told)
	}
}

func FuzzLedger(f *testing.F) {
	f.Add(written())
	f.Add(state{floor: noon.Unix()}.encode())
	f.Add([]byte(`{"format":1,"skewMilliseconds":0,"usedUntil":0,"devices":{"a":1,"a":2},"sha256":""}`))
	f.Add([]byte(`{"format":2}`))
	f.Add([]byte(`{"format":3}`))
	old := ledgerFile{Format: 1, Devices: map[string]int64{"a": 60}, Spent: map[string][]int64{"a": {120}}}
	f.Add(old.sealed())
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := parseState("ledger", data)
		if err != nil {
			return
		}
		again, err := parseState("ledger", s.encode())
		if err != nil || !bytes.Equal(again.encode(), s.encode()) || bytes.HasPrefix(data, []byte(`{"format":2`)) && !bytes.Equal(s.encode(), data) {
			t.Fatalf("what was read is written otherwise: %v", err)
		}
		for name := range s.devices {
			wait := s.wait(name, s.clock(noon), 30*time.Second)
			if wait < 0 || wait == 0 && s.clock(noon).Unix() < s.devices[name].until {
				t.Fatalf("a used step is free in %v", wait)
			}
		}
	})
}
