package config

import (
	"errors"

	"github.com/mfad/mfad/credproc/config/syntax"
	"github.com/mfad/mfad/internal/errcode"
	"github.com/mfad/mfad/internal/line"
)

// What a caller may branch on. The errors that wrap them name the place and
// what to write there.
var (
	// ErrNoProfile: no file and no vault key has that name.
	ErrNoProfile = errcode.New(errcode.NoProfile, "no such profile")
	// ErrNoSource: a profile names its source, and neither a profile nor a vault
	// key has that name.
	ErrNoSource = errcode.New(errcode.NoKey, "no such source")
	// ErrBadConfig: a file, or a variable, says something that cannot be served.
	ErrBadConfig = errcode.New(errcode.BadConfig, "bad configuration")
	// ErrBadName: a profile name that mfad neither serves nor writes.
	ErrBadName = errcode.New(errcode.BadRequest, "bad profile name")
	// ErrConflict: an edit would overwrite what somebody else wrote.
	ErrConflict = errcode.New(errcode.BadConfig, "conflicting configuration")
)

// Error is a fault of the configuration: where it is (File and Line, or Var,
// or Rule), and in one line what is wrong and what to write. It wraps one of
// the sentinels of this package.
type Error struct {
	Origin
	Text string
	Err  error
}

// Error is one line, whatever the file says: what a terminal might obey is
// replaced.
func (e *Error) Error() string {
	text := e.Text
	if at := e.Origin.String(); at != "" {
		text = at + ": " + text
	}
	return line.One(text)
}

// Unwrap makes errors.Is hold for the sentinel.
func (e *Error) Unwrap() error { return e.Err }

// Parse reads a file. Faults are an [*Error] that wraps ErrBadConfig and never
// quotes a line: it may hold a secret.
func Parse(name string, data []byte, d syntax.Dialect) (*syntax.Document, error) {
	doc, err := syntax.Parse(name, data, d)
	var fault *syntax.Error
	if errors.As(err, &fault) {
		return nil, &Error{Origin{File: name, Line: fault.Line}, fault.Text, ErrBadConfig}
	}
	return doc, err
}
