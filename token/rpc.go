package token

import (
	"encoding/json"
	"errors"
	"strings"
	"unicode"

	"github.com/sourcegraph/jsonrpc2"

	"github.com/mfad/mfad/internal/errcode"
)

// maxText is how much of what mfad-token says an error shows, in bytes.
const maxText = 600

// pinData is the error data of ErrPIN.
type pinData struct {
	Retries int `json:"retries"`
}

// ToRPC is the error object that carries err to the other side, where
// [FromRPC] makes an error of it that is the same to errors.Is, and to
// errors.As of a [PINError]. What has no code is ErrHelper.
func ToRPC(err error) *jsonrpc2.Error {
	code, ok := errcode.Of(err)
	if !ok {
		code = errcode.TokenFailed
	}
	object := &jsonrpc2.Error{Code: int64(code), Message: err.Error()}
	if pin, ok := errors.AsType[*PINError](err); ok {
		object.SetError(pinData{pin.Retries})
	}
	return object
}

// FromRPC is the error that an error object carries; its text is the other
// side's, on one line.
func FromRPC(object *jsonrpc2.Error) error {
	code := errcode.Code(object.Code)
	e := &foreignError{text: printable(object.Message), kind: code}
	switch {
	case !code.Known(), code == errcode.TokenFailed:
		e.kind, e.text = ErrHelper, ErrHelper.Error()+": "+e.text
	case code == errcode.WrongPIN:
		e.kind = &PINError{retriesOf(object)}
	case e.text == "":
		e.text = e.kind.Error()
	}
	return e
}

func retriesOf(object *jsonrpc2.Error) int {
	data := pinData{Unknown}
	if object.Data != nil && json.Unmarshal(*object.Data, &data) != nil {
		return Unknown
	}
	return data.Retries
}

// foreignError has the other side's words.
type foreignError struct {
	text string
	kind error
}

func (e *foreignError) Error() string { return e.text }
func (e *foreignError) Unwrap() error { return e.kind }

// printable makes of a foreign text one line that is safe to show.
func printable(text string) string {
	text = strings.ReplaceAll(strings.TrimSpace(text[:min(len(text), maxText)]), "\n", "; ")
	text = strings.ToValidUTF8(text[:min(len(text), maxText)], "")
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return unicode.ReplacementChar
		}
		return r
	}, text))
}
