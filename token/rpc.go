package token

import (
	"encoding/json"
	"errors"
	"strings"

	"github.com/sourcegraph/jsonrpc2"

	"github.com/mfad/mfad/internal/line"
)

// codes is the table by which errors cross between mfad-token and the agent:
// the index is the code. Codes are never reused, new ones go to the end.
var codes = [...]error{
	1:  ErrNoService,
	2:  ErrNotPresent,
	3:  ErrAmbiguous,
	4:  ErrRemoved,
	5:  ErrBusy,
	6:  ErrPIN,
	7:  ErrPINBlocked,
	8:  ErrPINGuard,
	9:  ErrNoPIN,
	10: ErrTouch,
	11: ErrAccessCode,
	12: ErrManagementKey,
	13: ErrExists,
	14: ErrNoCredential,
	15: ErrFull,
	16: ErrUnsupported,
	17: ErrInvalid,
	18: ErrDismissed,
	19: ErrHelper,
}

// maxText is how much of what mfad-token says an error shows, in bytes.
const maxText = 600

// pinData is the error data of ErrPIN.
type pinData struct {
	Retries int `json:"retries"`
}

// ToRPC is the error object that carries err to the other side, where
// [FromRPC] makes an error of it that is the same to errors.Is, and to
// errors.As of a [PINError]. What is none of this package's errors is ErrHelper.
func ToRPC(err error) *jsonrpc2.Error {
	object := &jsonrpc2.Error{Code: int64(len(codes) - 1), Message: err.Error()}
	for code, sentinel := range codes {
		if sentinel != nil && errors.Is(err, sentinel) {
			object.Code = int64(code)
			break
		}
	}
	if pin, ok := errors.AsType[*PINError](err); ok {
		object.SetError(pinData{pin.Retries})
	}
	return object
}

// FromRPC is the error that an error object carries; its text is the other
// side's, on one line.
func FromRPC(object *jsonrpc2.Error) error {
	e := &foreignError{text: printable(object.Message), kind: ErrHelper}
	if object.Code > 0 && object.Code < int64(len(codes)) {
		e.kind = codes[object.Code]
	}
	switch e.kind {
	case ErrHelper:
		e.text = ErrHelper.Error() + ": " + e.text
	case ErrPIN:
		data := pinData{Unknown}
		if object.Data != nil && json.Unmarshal(*object.Data, &data) != nil {
			data.Retries = Unknown
		}
		e.kind = &PINError{data.Retries}
	}
	if e.text == "" {
		e.text = e.kind.Error()
	}
	return e
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
