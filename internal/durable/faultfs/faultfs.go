// Package faultfs is a file system that breaks on purpose. A test runs a store
// on an [FS] once to count its steps, and then once for every [Fault] at every
// step: killed, out of space, an I/O error, or a power cut that takes away all
// that was not synced. After each the store is opened again, and must be found
// in its old state or its new one.
//
//	fsys := faultfs.New()
//	act(fsys)
//	for _, fault := range faultfs.Every(fsys.Steps()) {
//		fsys := faultfs.New()
//		setUp()
//		fsys.Arm(fault)
//		err := act(fsys)
//		fsys.Crash()
//		lookAgain()
//	}
//
// It works on real files, through [durable.OS], so that what a test finds after
// a fault is found by ordinary means. It does not break locks, which are not
// part of [durable.FS].
package faultfs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"

	"github.com/mfad/mfad/internal/durable"
)

// ErrKilled is what every call returns from the step on at which the process
// was killed: the code under test cannot tell, but nothing that it does has an
// effect any more.
var ErrKilled = errors.New("faultfs: killed")

// Fault is what goes wrong, and when.
type Fault struct {
	Step int   // the first is 1; 0 is never
	Err  error // the step alone fails with it; ErrKilled kills for good
	// Cut takes the power as well: Crash undoes what was not synced.
	Cut bool
}

func (f Fault) String() string {
	if f.Cut {
		return fmt.Sprintf("power cut at step %d", f.Step)
	}
	return fmt.Sprintf("%v at step %d", f.Err, f.Step)
}

// Every lists each fault at each of so many steps.
func Every(steps int) []Fault {
	var all []Fault
	for step := 1; step <= steps; step++ {
		all = append(all,
			Fault{Step: step, Err: ErrKilled},
			Fault{Step: step, Err: ErrKilled, Cut: true},
			Fault{Step: step, Err: syscall.ENOSPC},
			Fault{Step: step, Err: syscall.EIO})
	}
	return all
}

// FS is a [durable.FS] that counts its steps, every call being one, and fails
// as armed. A step that fails has no effect, except that half of a Write
// happens. It is safe for concurrent use.
type FS struct {
	mu    sync.Mutex
	steps int
	fault Fault
	dead  bool
	undo  []undo
}

var _ durable.FS = (*FS)(nil)

// New returns a file system without a fault.
func New() *FS { return &FS{} }

// Arm sets the fault and starts to count steps anew.
func (f *FS) Arm(fault Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.steps, f.fault, f.dead = 0, fault, false
}

// Steps counts the calls since New or Arm.
func (f *FS) Steps() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.steps
}

// Crash ends the life of the process under test: no later call has an effect.
// If the fault is a power cut, files and folders go back to what was synced.
func (f *FS) Crash() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.dead = true
	if !f.fault.Cut {
		return nil
	}
	for _, u := range slices.Backward(f.undo) {
		if err := u.back(); err != nil {
			return fmt.Errorf("cutting the power: %w", err)
		}
	}
	f.undo = nil
	return nil
}

// step counts one, and returns the error that it fails with, in the clothes
// in which the os package hands out the system's.
func (f *FS) step(op, name string) error {
	f.steps++
	if f.steps == f.fault.Step {
		f.dead = errors.Is(f.fault.Err, ErrKilled)
		return &fs.PathError{Op: op, Path: name, Err: f.fault.Err}
	}
	if f.dead {
		return &fs.PathError{Op: op, Path: name, Err: ErrKilled}
	}
	return nil
}

func (f *FS) do(op, name string, act func() error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.step(op, name); err != nil {
		return err
	}
	return act()
}

// ReadFile implements [durable.FS].
func (f *FS) ReadFile(name string) (data []byte, err error) {
	err = f.do("read", name, func() error { data, err = os.ReadFile(name); return err })
	return data, err
}

// ReadDir implements [durable.FS].
func (f *FS) ReadDir(name string) (entries []fs.DirEntry, err error) {
	err = f.do("readdir", name, func() error { entries, err = os.ReadDir(name); return err })
	return entries, err
}

// Lstat implements [durable.FS].
func (f *FS) Lstat(name string) (info fs.FileInfo, err error) {
	err = f.do("lstat", name, func() error { info, err = os.Lstat(name); return err })
	return info, err
}

// MkdirAll implements [durable.FS].
func (f *FS) MkdirAll(name string, perm fs.FileMode) error {
	return f.do("mkdir", name, func() error {
		for d := filepath.Clean(name); isMissing(d); d = filepath.Dir(d) {
			f.undo = append(f.undo, undo{sync: filepath.Dir(d), name: d, missing: true})
		}
		return os.MkdirAll(name, perm)
	})
}

// Rename implements [durable.FS].
func (f *FS) Rename(oldname, newname string) error {
	return f.do("rename", oldname, func() error {
		if err := errors.Join(f.noteEntry(newname), f.noteEntry(oldname)); err != nil {
			return err
		}
		f.moveContent(filepath.Clean(oldname), filepath.Clean(newname))
		return os.Rename(oldname, newname)
	})
}

// Remove implements [durable.FS].
func (f *FS) Remove(name string) error {
	return f.do("remove", name, func() error {
		if isMissing(name) {
			return os.Remove(name)
		}
		if err := f.noteEntry(name); err != nil {
			return err
		}
		f.synced(name) // its content is no longer at stake
		return os.Remove(name)
	})
}

// SyncDir implements [durable.FS]. The power of the machine that runs the test
// stays on, so nothing is synced for real.
func (f *FS) SyncDir(name string) error {
	return f.do("sync", name, func() error {
		f.synced(name)
		_, err := os.Lstat(name)
		return err
	})
}
