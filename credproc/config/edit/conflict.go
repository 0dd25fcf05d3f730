package edit

import (
	"fmt"

	"github.com/mfad/mfad/credproc/config"
)

// Why an edit does not touch what is there, where another edit would help. All
// of them are config.ErrConflict.
var (
	// ErrTaken: AWS's files give the name an identity; Adopt moves it.
	ErrTaken = fmt.Errorf("%w: the name is taken", config.ErrConflict)
	// ErrInCredentials: AWS's credentials file says who the profile is; a person
	// moves the lines into AWS's config.
	ErrInCredentials = fmt.Errorf("%w: the profile stands in the credentials file", config.ErrConflict)
	// ErrKeys: AWS's files have keys under the name; they belong into the vault.
	ErrKeys = fmt.Errorf("%w: the profile has keys", config.ErrConflict)
	// ErrExists: mfad's file has the profile already; Remove takes it away.
	ErrExists = fmt.Errorf("%w: the profile exists", config.ErrConflict)
	// ErrAdopted: the profile was adopted; Release undoes that.
	ErrAdopted = fmt.Errorf("%w: the profile was adopted", config.ErrConflict)
	// ErrNotAdopted: the profile was added; Remove takes it away.
	ErrNotAdopted = fmt.Errorf("%w: the profile was not adopted", config.ErrConflict)
	// ErrNothingToAdopt: the profile says nothing of who it is; Add does.
	ErrNothingToAdopt = fmt.Errorf("%w: nothing to adopt", config.ErrConflict)
)

// Conflict is the error of a place that an edit must not touch.
type Conflict struct {
	At      config.Origin
	Text    string // what is there
	Profile string // that was to be edited
	Why     error  // one of the sentinels above, or config.ErrConflict alone
}

// Error is one line, as that of every fault of these files.
func (c *Conflict) Error() string {
	return (&config.Error{Origin: c.At, Text: c.Text, Err: c.Why}).Error()
}

// Unwrap makes errors.Is hold for the sentinel.
func (c *Conflict) Unwrap() error { return c.Why }

func (t *transaction) conflict(at config.Origin, why error, format string, args ...any) error {
	return &Conflict{at, fmt.Sprintf(format, args...), t.profile, why}
}

// unwritable is the conflict of a file that no edit may replace now.
func unwritable(file, why string) error {
	return &Conflict{config.Origin{File: file}, why, "", config.ErrConflict}
}

// unfit is the error of a file that is none of ours to read.
func unfit(file, why string) error {
	return &config.Error{Origin: config.Origin{File: file}, Text: why, Err: config.ErrBadConfig}
}

// missing is the error of a file that has no such profile.
func (t *transaction) missing(file string) error {
	return &config.Error{Origin: config.Origin{File: file}, Text: fmt.Sprintf("has no profile %q", t.profile), Err: config.ErrNoProfile}
}
