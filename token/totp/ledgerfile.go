package totp

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/mfad/mfad/internal/durable"
)

// Bounds of the ledger's file.
const (
	maxLedger = 2 << 20
	farFuture = 1 << 36 // Unix seconds; the year 4147
)

// ledgerFile is the state as JSON, on one line. SHA256 is over the line that
// has it empty.
type ledgerFile struct {
	Format               int              `json:"format"`
	SkewMilliseconds     int64            `json:"skewMilliseconds"`
	ObservedMilliseconds int64            `json:"observedMilliseconds,omitempty"`
	Learned              anchor           `json:"learned,omitzero"`
	Floor                int64            `json:"usedUntil"`
	Devices              map[string]int64 `json:"devices"`
	// Spent has where the released spans of each device begin and end, in turn;
	// under the empty name are those of devices that are not told apart. In format
	// 1 it has the ends of steps alone.
	Spent  map[string][]int64 `json:"spent,omitempty"`
	SHA256 string             `json:"sha256"`
}

const ledgerFormat = 2

func (s state) encode() []byte {
	f := ledgerFile{
		Format: ledgerFormat, SkewMilliseconds: s.skew.Milliseconds(), ObservedMilliseconds: s.observed.Milliseconds(),
		Learned: s.learned, Floor: s.floor, Devices: map[string]int64{}, Spent: map[string][]int64{},
	}
	for name, u := range s.devices {
		f.Devices[name] = u.until
		if len(u.spent) > 0 {
			f.Spent[name] = u.spent.numbers()
		}
	}
	if len(s.others) > 0 {
		f.Spent[""] = s.others.numbers()
	}
	return f.sealed()
}

// sealed is the file's content, with its checksum.
func (f ledgerFile) sealed() []byte {
	f.SHA256 = ""
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
	if err := durable.MkdirAll(fsys, filepath.Dir(path), 0o700); err != nil {
		return state{}, err
	}
	if err := durable.CleanFile(fsys, path); err != nil {
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

// parseState takes only what encode writes, byte by byte, or wrote in format 1.
func parseState(path string, data []byte) (state, error) {
	var f ledgerFile
	if err := json.Unmarshal(data, &f); err != nil {
		return state{}, &damagedError{path, "it is not JSON"}
	}
	if f.Format > ledgerFormat {
		return state{}, fmt.Errorf("%s has format %d and was written by a newer mfad: update mfad", path, f.Format)
	}
	if f.Format < 1 || !bytes.Equal(f.sealed(), data) {
		return state{}, &damagedError{path, "its checksum does not match"}
	}
	if f.Format == 1 {
		f.spanEnds()
	}
	s, possible := f.state()
	if !possible {
		return state{}, &damagedError{path, "it names an impossible time"}
	}
	return s, nil
}

// spanEnds makes spans of the ends of steps that format 1 has: their last second
// is enough to know each by.
func (f *ledgerFile) spanEnds() {
	spent := map[string][]int64{}
	for name, until := range f.Devices {
		var all spans
		for _, end := range append(f.Spent[name], until) {
			if end > 0 {
				all = all.with(span{end - 1, end})
			}
		}
		spent[name] = all.numbers()
	}
	f.Spent = spent
}

func (f *ledgerFile) state() (s state, possible bool) {
	s = state{
		skew: milliseconds(f.SkewMilliseconds), observed: milliseconds(f.ObservedMilliseconds), learned: f.Learned,
		floor: f.Floor, devices: map[string]use{},
	}
	possible = s.floor >= 0 && s.floor <= farFuture && f.Devices != nil && s.skew.Abs() <= mostSkew &&
		s.observed.Milliseconds() == f.ObservedMilliseconds
	for name, until := range f.Devices {
		possible = possible && until >= 0 && until <= farFuture && name != ""
		s.devices[name] = use{until: until}
	}
	for name, list := range f.Spent {
		spent, ok := spansOf(list)
		u, known := s.devices[name]
		possible = possible && ok && (known || name == "")
		if name == "" {
			s.others = spent
			continue
		}
		u.spent = spent
		s.devices[name] = u
	}
	return s, possible
}

func milliseconds(n int64) time.Duration { return time.Duration(n) * time.Millisecond }
