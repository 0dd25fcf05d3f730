// Package errcode gives every refusal that a person or a program branches on a
// stable code, which it keeps on its way through the house and over both wires:
// from a token program to the agent, and from the agent to a client.
//
// A room declares what can go wrong there as sentinels, each made by [New] with
// the code that it crosses with. Rooms compare sentinels by errors.Is, as ever.
// What arrives over a wire is an [Error]; errors.Is holds between it and every
// sentinel of its code, and between both and the [Code] itself. What a code
// means for a person, and the exit code that goes with it, stands in one table
// of the command line; nothing here advises.
package errcode

import (
	"errors"
	"fmt"
	"iter"
)

// A Sentinel is an error of which there is one: a room's word for one thing that
// can go wrong.
type Sentinel struct {
	code  Code
	text  string
	vague bool
}

// New makes the sentinel of a code. Several sentinels may have one code: a room
// tells them apart, a person need not.
func New(code Code, text string) error { return &Sentinel{code: code, text: text} }

// Vague is [New] for what says how rather than what: it gives an error its code
// only where nothing that it stands with has one.
func Vague(code Code, text string) error { return &Sentinel{code: code, text: text, vague: true} }

func (s *Sentinel) Error() string { return s.text }

// Is makes it equal to its code.
func (s *Sentinel) Is(target error) bool { return target == error(s.code) }

// An Error is a refusal as it crosses a wire.
type Error struct {
	Code    Code   `json:"code"`
	Message string `json:"message"` // one line; never a secret
	// Told is what the advice on it can name ([With]): the data of a JSON-RPC error.
	Told map[string]string `json:"data,omitempty"`
}

func (e *Error) Error() string { return e.Message }

// Is compares codes: an Error equals every sentinel, and every other Error, of
// its code.
func (e *Error) Is(target error) bool {
	switch t := target.(type) {
	case Code:
		return e.Code == t
	case *Sentinel:
		return e.Code == t.code
	case *Error:
		return e.Code == t.Code
	}
	return false
}

// Errorf is a refusal in words of its own.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Bare is a refusal that says no more than its code.
func Bare(code Code) *Error { return &Error{Code: code, Message: code.Error()} }

// Wrap is the refusal of a code with the words of err, which it does not wrap.
func Wrap(code Code, err error) *Error { return &Error{Code: code, Message: err.Error()} }

// Of is the code of an error: that of the first one with a code that the
// error is or wraps, the outermost before the inner and the left before the
// right. A vague one counts only if no other has a code. It is false for an
// error without any.
func Of(err error) (code Code, ok bool) {
	for each := range tree(err) {
		found, vague := own(each)
		switch {
		case found == 0:
		case !vague:
			return found, true
		case !ok:
			code, ok = found, true
		}
	}
	return code, ok
}

// told is an error that names what the advice on it can say.
type told struct {
	error
	what, value string
}

func (t *told) Unwrap() error { return t.error }

// With adds to an error what the advice on it can name, such as the "key" that it is
// about. Its text stays; nil stays nil. The value is no secret.
func With(err error, what, value string) error {
	if err == nil || value == "" {
		return err
	}
	return &told{err, what, value}
}

// Told is what an error names by [With]; of two values of one name the outermost.
func Told(err error) map[string]string {
	all := map[string]string{}
	note := func(what, value string) {
		if _, known := all[what]; !known {
			all[what] = value
		}
	}
	for each := range tree(err) {
		switch e := each.(type) {
		case *told:
			note(e.what, e.value)
		case *Error:
			for what, value := range e.Told {
				note(what, value)
			}
		}
	}
	return all
}

// own is the code of one error, whatever it wraps; 0 for none.
func own(err error) (code Code, vague bool) {
	switch e := err.(type) {
	case Code:
		return e, false
	case *Sentinel:
		return e.code, e.vague
	case *Error:
		return e.Code, false
	}
	return 0, false
}

// tree yields an error and all that it wraps, in preorder, as errors.Is looks at
// them.
func tree(err error) iter.Seq[error] {
	return func(yield func(error) bool) { walk(err, yield) }
}

// walk says whether to go on.
func walk(err error, yield func(error) bool) bool {
	if err == nil {
		return true
	}
	if !yield(err) {
		return false
	}
	several, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return walk(errors.Unwrap(err), yield)
	}
	for _, inner := range several.Unwrap() {
		if !walk(inner, yield) {
			return false
		}
	}
	return true
}
