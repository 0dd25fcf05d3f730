package token

import (
	"encoding/json"
	"errors"
	"strings"

	"github.com/sourcegraph/jsonrpc2"

	"github.com/mfad/mfad/internal/errcode"
	"github.com/mfad/mfad/internal/line"
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

// printable makes of a foreign text one line that is safe to show, and not long.
func printable(text string) string { return clip(line.One(clip(text))) }

// clip cuts a text to so many bytes, between two runes.
func clip(text string) string {
	return strings.TrimSpace(strings.ToValidUTF8(text[:min(len(text), maxText)], ""))
}
