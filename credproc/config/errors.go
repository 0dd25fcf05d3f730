package config

import "errors"

// What a caller may branch on. The errors that wrap them name the place and
// what to write there.
var (
	// ErrNoProfile: no file and no vault key has that name.
	ErrNoProfile = errors.New("no such profile")
	// ErrBadConfig: a file, or a variable, says something that cannot be served.
	ErrBadConfig = errors.New("bad configuration")
	// ErrBadName: a profile name that mfad neither serves nor writes.
	ErrBadName = errors.New("bad profile name")
	// ErrConflict: an edit would overwrite what somebody else wrote.
	ErrConflict = errors.New("conflicting configuration")
)

// Error is a fault of the configuration: where it is (File and Line, or Var,
// or Rule), and in one line what is wrong and what to write. It wraps one of
// the sentinels of this package.
type Error struct {
	Origin
	Text string
	Err  error
}

func (e *Error) Error() string {
	if at := e.Origin.String(); at != "" {
		return at + ": " + e.Text
	}
	return e.Text
}

// Unwrap makes errors.Is hold for the sentinel.
func (e *Error) Unwrap() error { return e.Err }
