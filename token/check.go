package token

import (
	"errors"
	"strings"
)

// What a program answers is looked at before anybody relies on it: an answer
// that is empty or of a wrong length comes from no mfad-token.
var errNoAnswer = errors.New("not an answer")

func fits(ok bool) error {
	if !ok {
		return errNoAnswer
	}
	return nil
}

func (r *OATHCode) check() error {
	return fits(len(r.Digits) >= 6 && len(r.Digits) <= 8 && strings.Trim(r.Digits, "0123456789") == "")
}

func (r *OATHDay) check() error    { return fits(len(r.Key) == 32) }
func (r *Placed) check() error     { return fits(len(r.Tokens) > 0) }
func (r *OATHAccess) check() error { return fits(r.ID != "" && (len(r.Key) == 0 || len(r.Key) == 16)) }
func (r *WrapResult) check() error { return fits(len(r.Stanzas) > 0) }

// An age file key is of 16 bytes (age specification).
func (r *UnwrapResult) check() error { return fits(len(r.FileKey) == 16) }

func (r *NewKey) check() error {
	_, _, err := ParseIdentity(r.Identity)
	return err
}
