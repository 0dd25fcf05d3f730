package totp

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/mfad/mfad/internal/durable"
)

// memory is a disk that keeps whole files, and is fast.
type memory struct {
	durable.FS
	files fstest.MapFS
}

type memoryFile struct {
	bytes.Buffer
	close func(data []byte)
}

func (f *memoryFile) Sync() error  { return nil }
func (f *memoryFile) Close() error { f.close(f.Bytes()); return nil }

func (m *memory) OpenFile(name string, _ int, _ fs.FileMode) (durable.File, error) {
	return &memoryFile{close: func(data []byte) { m.files[name] = &fstest.MapFile{Data: data} }}, nil
}
func (m *memory) ReadFile(name string) ([]byte, error)   { return m.files.ReadFile(name) }
func (m *memory) ReadDir(string) ([]fs.DirEntry, error)  { return nil, nil }
func (m *memory) Lstat(name string) (fs.FileInfo, error) { return m.files.Stat(name) }
func (m *memory) MkdirAll(string, fs.FileMode) error     { return nil }
func (m *memory) SyncDir(string) error                   { return nil }
func (m *memory) Remove(name string) error               { delete(m.files, name); return nil }
func (m *memory) Rename(oldname, newname string) error {
	m.files[newname] = m.files[oldname]
	delete(m.files, oldname)
	return nil
}

// world is a machine whose clocks are driven, AWS, and who judges: what is told
// of a step that leaves is all that the judge knows.
type world struct {
	t      *testing.T
	rand   *rand.Rand
	disk   *memory
	ledger *Ledger

	hours  time.Duration // true time since noon
	off    time.Duration // of the wall clock
	booted time.Duration // when the machine was, in true time
	boots  int

	names    map[string][]string       // what a device was called since the start of the ledger, the last of it now
	released map[string]map[int64]bool // by device and start; false: it was given back
	out      []Step                    // not given back
	history  []string
}

func newWorld(t *testing.T, seed uint64) *world {
	w := &world{t: t, rand: rand.New(rand.NewPCG(seed, 1)), disk: &memory{files: fstest.MapFS{}}, names: map[string][]string{}, released: map[string]map[int64]bool{}}
	w.restart()
	return w
}

func (w *world) note(format string, args ...any) {
	w.history = append(w.history, fmt.Sprintf(format, args...))
}

func (w *world) true() time.Time { return noon.Add(w.hours) }

func (w *world) restart() {
	w.note("restart")
	var err error
	w.ledger, err = OpenLedger(w.disk, "ledger", Clock{
		Now:    func() time.Time { return w.true().Add(w.off) },
		Boot:   func() time.Duration { return w.hours - w.booted },
		BootID: fmt.Sprint("boot ", w.boots),
	})
	if err != nil || w.ledger.Damage() != "" {
		w.t.Fatalf("opening: %v, %s", err, w.ledger.Damage())
	}
	w.out = nil // nobody is left to give them back, nor who knew an old name
	for device, all := range w.names {
		w.names[device] = all[len(all)-1:]
	}
}

// periods are those of the world's devices.
var periods = map[string]time.Duration{"phone": 30 * time.Second, "fob": 30 * time.Second, "slow": 60 * time.Second}

// take takes a step if that needs no wait.
func (w *world) take(device string) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	period := periods[device]
	step, err := w.ledger.Take(ctx, w.name(device), period, func(time.Duration) { cancel() })
	if err != nil {
		w.note("%s: %v", device, err)
		return
	}
	at := step.At.Unix()
	w.note("%s: step %d", step.device, at)
	if at%int64(period/time.Second) != 0 {
		w.t.Errorf("%s: %d starts no step", device, at)
	}
	if w.released[device] == nil {
		w.released[device] = map[int64]bool{}
	}
	if w.released[device][at] {
		w.t.Errorf("%s: the step at %v left twice", device, step.At)
	}
	w.released[device][at] = true
	w.out = append(w.out, step)
}

// name is what the ledger calls a device; some callers know it by an old name.
func (w *world) name(device string) string {
	all := w.names[device]
	if len(all) == 0 {
		return device
	}
	return all[len(all)-1-w.rand.IntN(min(len(all), 3))]
}

// rename gives a device another serial.
func (w *world) rename(device string) {
	all := w.names[device]
	if len(all) == 0 {
		all = []string{device}
	}
	now := fmt.Sprintf("%s-%d", device, w.rand.IntN(3))
	w.note("%s is %s now", all[len(all)-1], now)
	if err := w.ledger.Carry(all[len(all)-1], now); err != nil {
		w.t.Error(err)
	}
	w.names[device] = append(slices.Clone(all), now)
}

// owner is the device of a name.
func owner(name string) string {
	device, _, _ := strings.Cut(name, "-")
	return device
}

func (w *world) giveBack() {
	if len(w.out) == 0 {
		return
	}
	i := len(w.out) - 1 - w.rand.IntN(min(len(w.out), 3))
	step := w.out[i]
	w.out = append(w.out[:i:i], w.out[i+1:]...)
	w.note("%s: %d is given back", step.device, step.At.Unix())
	step.Return()
	w.released[owner(step.device)][step.At.Unix()] = false
}

// offsets are how wrong wall clocks are.
var offsets = []time.Duration{
	0, 0, 0, time.Second, 10 * time.Second, 40 * time.Second, time.Minute, 2 * time.Minute, 3 * time.Minute, 10 * time.Minute,
	14 * time.Minute, 20 * time.Minute, time.Hour, 24 * time.Hour, 400 * 24 * time.Hour,
}

func (w *world) anyOffset() time.Duration {
	d := offsets[w.rand.IntN(len(offsets))]
	if w.rand.IntN(2) == 0 {
		return -d
	}
	return d
}

// act is one thing that happens.
func (w *world) act(what int) {
	device := []string{"phone", "phone", "fob", "slow"}[w.rand.IntN(4)]
	switch what % 17 {
	case 0, 1, 2, 3:
		w.take(device)
	case 4: // two codes in a row
		w.take(device)
		w.hours += periods[device]
		w.take(device)
	case 5:
		w.giveBack()
	case 6, 7:
		w.hours += time.Duration(w.rand.Int64N(int64(90 * time.Second)))
	case 8:
		w.hours += time.Duration(w.rand.Int64N(int64(3 * time.Hour)))
	case 9, 10:
		w.off = w.anyOffset()
		w.note("the wall clock is off by %v", w.off)
	case 11:
		w.tell(-w.off + time.Duration(w.rand.Int64N(int64(time.Second))))
	case 12:
		w.tell(w.anyOffset()) // whoever answered
	case 13:
		if w.rand.IntN(3) == 0 {
			w.boots, w.booted = w.boots+1, w.hours
		}
		w.restart()
	case 14:
		w.note("a person says that the clock is right, for %s", device)
		if err := w.ledger.GoOn(w.name(device)); err != nil {
			w.t.Error(err)
		}
	case 15:
		if err := w.ledger.Mark(w.name(device), periods[device]); err != nil {
			w.note("mark: %v", err)
		}
	case 16:
		w.rename(device)
	}
}

func (w *world) tell(skew time.Duration) {
	w.note("AWS says %v", skew)
	if err := w.ledger.SetSkew(skew); err != nil {
		w.t.Error(err)
	}
}

// live lets things happen until the judge has found something.
func (w *world) live(acts []byte) {
	for _, what := range acts {
		if w.act(int(what)); w.t.Failed() {
			w.t.Fatalf("after:\n%s", bytes.Join(lines(w.history), []byte("\n")))
		}
	}
}

func lines(history []string) (all [][]byte) {
	for _, line := range history {
		all = append(all, []byte(line))
	}
	return all
}

// Whatever is done to the wall clock, whatever AWS or somebody in its place says
// of it, and however often the agent and the machine start again: no step leaves
// twice.
func TestNoStepLeavesTwiceWhateverTheClockDoes(t *testing.T) {
	taken := 0
	for seed := range uint64(2500) {
		w := newWorld(t, seed)
		acts := make([]byte, 60)
		for i := range acts {
			acts[i] = byte(w.rand.IntN(256))
		}
		w.live(acts)
		for _, steps := range w.released {
			taken += len(steps)
		}
	}
	if taken < 10_000 {
		t.Errorf("only %d steps were taken", taken)
	}
}

// Who takes many steps of many times loses none of them to the bounds.
func TestNoStepLeavesTwiceBeyondTheBounds(t *testing.T) {
	w := newWorld(t, 7)
	for range 5 * maxSpans {
		w.off = time.Duration(w.rand.IntN(400)) * time.Minute
		w.tell(0) // as if AWS said that it is right
		w.take("phone")
	}
	for minute := range 400 {
		w.off = time.Duration(minute) * time.Minute
		w.tell(0)
		w.take("phone")
	}
	if n := len(w.ledger.current().devices["phone"].spent); n > maxSpans {
		t.Errorf("%d spans are kept", n)
	}
}

func FuzzClocks(f *testing.F) {
	f.Add(uint64(1), []byte{9, 0, 11, 0, 9, 0, 11, 0, 8, 0, 13, 0})
	f.Fuzz(func(t *testing.T, seed uint64, acts []byte) {
		newWorld(t, seed).live(acts[:min(len(acts), 500)])
	})
}
