package totp

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"github.com/mfad/mfad/internal/durable"
)

// Bounds of the ledger's file.
const (
	maxDevices = 1000
	maxSpent   = 8 // of a device
	maxLedger  = 1 << 20
	farFuture  = 1 << 36 // Unix seconds; the year 4147
)

// state is what a ledger knows. Steps are kept as the time at which they end,
// in Unix seconds on AWS's clock, so that a change of a device's period
// confuses nothing.
type state struct {
	skew    time.Duration
	floor   int64 // every device counts as used until then
	devices map[string]use
}

// use is a device's last released step.
type use struct {
	until  int64
	before int64  // what until was before, for Return
	id     uint64 // of the Step that may be returned; 0 for none
	// spent are the ends of steps beyond until that a clock gave which was fast:
	// their turn is still to come, and is passed over. Never changed in place.
	spent []int64
}

// isSpent says that a step from start on, of p seconds, was released.
func (u use) isSpent(start, p int64) bool {
	return slices.ContainsFunc(u.spent, func(end int64) bool { return start < end && end <= start+p })
}

// spentAfter are the spent steps that end after a time.
func (u use) spentAfter(t int64) []int64 {
	return slices.DeleteFunc(slices.Clone(u.spent), func(end int64) bool { return end <= t })
}

func (s state) clone() state {
	s.devices = maps.Clone(s.devices)
	if s.devices == nil {
		s.devices = map[string]use{}
	}
	return s
}

// clock is AWS's time, as far as we know it.
func (s state) clock(local time.Time) time.Time { return local.Add(s.skew) }

// wait is the time from now to the start of the first step that was not used:
// 0 when that is the current one.
func (s state) wait(device string, now time.Time, period time.Duration) time.Duration {
	u, p, current := s.devices[device], seconds(period), stepStart(now, period)
	start := max(current, (max(u.until, s.floor)+p-1)/p*p)
	for u.isSpent(start, p) {
		start += p
	}
	if start == current {
		return 0
	}
	return time.Unix(start, 0).Sub(now)
}

func (s *state) use(device string, until int64, id uint64) {
	u := s.devices[device]
	s.devices[device] = use{until, u.until, id, u.spentAfter(until)}
	if len(s.devices) > maxDevices {
		s.dropOldest()
	}
}

func (s *state) undo(device string) {
	u := s.devices[device]
	if u.before > 0 || len(u.spent) > 0 {
		s.devices[device] = use{until: u.before, spent: u.spent}
		return
	}
	delete(s.devices, device)
}

func (s *state) dropOldest() {
	var oldest string
	for name, u := range s.devices {
		if oldest == "" || u.until < s.devices[oldest].until {
			oldest = name
		}
	}
	delete(s.devices, oldest)
}

func stepStart(now time.Time, period time.Duration) int64 {
	return now.Unix() - now.Unix()%seconds(period)
}

func seconds(d time.Duration) int64 { return int64(d / time.Second) }

// roundUp is the first whole second that is not before t.
func roundUp(t time.Time) int64 { return t.Add(time.Second - time.Nanosecond).Unix() }

// ledgerFile is the state as JSON, on one line. SHA256 is over the line that
// has it empty.
type ledgerFile struct {
	Format           int                `json:"format"`
	SkewMilliseconds int64              `json:"skewMilliseconds"`
	Floor            int64              `json:"usedUntil"`
	Devices          map[string]int64   `json:"devices"`
	Spent            map[string][]int64 `json:"spent,omitempty"`
	SHA256           string             `json:"sha256"`
}

const ledgerFormat = 1

func (s state) encode() []byte {
	f := ledgerFile{Format: ledgerFormat, SkewMilliseconds: s.skew.Milliseconds(), Floor: s.floor, Devices: map[string]int64{}}
	for name, u := range s.devices {
		f.Devices[name] = u.until
		if len(u.spent) > 0 {
			if f.Spent == nil {
				f.Spent = map[string][]int64{}
			}
			f.Spent[name] = u.spent
		}
	}
	sum := sha256.Sum256(f.line())
	f.SHA256 = hex.EncodeToString(sum[:])
	return f.line()
}

func (f ledgerFile) line() []byte {
	line, err := json.Marshal(f)
	if err != nil {
		panic(err) // numbers and strings always marshal
	}
	return append(line, '\n')
}

// damagedError says why a ledger cannot be believed.
type damagedError struct{ path, why string }

func (e *damagedError) Error() string {
	return fmt.Sprintf("the ledger of used codes %s is damaged (%s)", e.path, e.why)
}

// readState reads the file at path, or returns a *damagedError, or what kept
// it from reading. It also removes what a killed writer left.
func readState(fsys durable.FS, path string) (state, error) {
	// Where nothing can be written no code is released either, which says why.
	if err := durable.MkdirAll(fsys, filepath.Dir(path), 0o700); err != nil && !durable.CannotWrite(err) {
		return state{}, err
	}
	if err := durable.CleanFile(fsys, path); err != nil && !durable.CannotWrite(err) && !errors.Is(err, fs.ErrNotExist) {
		return state{}, err
	}
	info, err := fsys.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return state{}, nil
	case err != nil:
		return state{}, err
	case info.Size() > maxLedger:
		return state{}, &damagedError{path, "it is too large"}
	}
	data, err := fsys.ReadFile(path)
	if err != nil {
		return state{}, err
	}
	return parseState(path, data)
}

// parseState takes only what encode writes, byte by byte.
func parseState(path string, data []byte) (state, error) {
	var f ledgerFile
	if err := json.Unmarshal(data, &f); err != nil {
		return state{}, &damagedError{path, "it is not JSON"}
	}
	if f.Format > ledgerFormat {
		return state{}, fmt.Errorf("%s has format %d and was written by a newer mfad: update mfad", path, f.Format)
	}
	s := state{
		skew:    time.Duration(f.SkewMilliseconds) * time.Millisecond,
		floor:   f.Floor,
		devices: map[string]use{},
	}
	impossible := s.floor < 0 || s.floor > farFuture || s.skew.Abs() > mostSkew
	for name, until := range f.Devices {
		impossible = impossible || until < 0 || until > farFuture
		s.devices[name] = use{until: until, spent: f.Spent[name]}
	}
	for _, ends := range f.Spent {
		impossible = impossible || len(ends) > maxSpent || slices.Min(append(ends, 0)) < 0 || slices.Max(append(ends, 0)) > farFuture
	}
	if impossible {
		return state{}, &damagedError{path, "it names an impossible time"}
	}
	if !bytes.Equal(s.encode(), data) {
		return state{}, &damagedError{path, "its checksum does not match"}
	}
	return s, nil
}
