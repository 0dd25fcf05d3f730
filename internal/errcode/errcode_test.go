package errcode_test

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/mfad/mfad/internal/errcode"
)

var (
	errGone   = errcode.New(errcode.NoToken, "gone")
	errAbsent = errcode.New(errcode.NoToken, "absent")
	errFull   = errcode.New(errcode.TokenFull, "full")
	errUnsent = errcode.Vague(errcode.Unavailable, "not sent")
)

func TestCodeIsThatOfTheOutermostWhichHasOne(t *testing.T) {
	for name, row := range map[string]struct {
		err  error
		want errcode.Code // 0: none
	}{
		"nothing":                 {nil, 0},
		"no code":                 {io.EOF, 0},
		"a sentinel":              {errGone, errcode.NoToken},
		"wrapped":                 {fmt.Errorf("reading: %w", errGone), errcode.NoToken},
		"the outermost":           {fmt.Errorf("%w: %w", errFull, errGone), errcode.TokenFull},
		"the left":                {errors.Join(io.EOF, errGone, errFull), errcode.NoToken},
		"vague before another":    {fmt.Errorf("%w: %w", errUnsent, errFull), errcode.TokenFull},
		"vague alone":             {fmt.Errorf("%w: %w", errUnsent, io.EOF), errcode.Unavailable},
		"a code":                  {fmt.Errorf("x: %w", errcode.Busy), errcode.Busy},
		"what came over the wire": {fmt.Errorf("x: %w", errcode.Errorf(errcode.Denied, "no")), errcode.Denied},
	} {
		got, ok := errcode.Of(row.err)
		if got != row.want || ok != (row.want != 0) {
			t.Errorf("%s: got %d, %v; want %d", name, got, ok, row.want)
		}
	}
}

func TestErrorsStayTheSameOverAWire(t *testing.T) {
	code, _ := errcode.Of(fmt.Errorf("looking: %w", errGone))
	arrived := errcode.Errorf(code, "looking: gone")
	for _, target := range []error{errGone, errAbsent, errcode.NoToken, errcode.Errorf(errcode.NoToken, "")} {
		if !errors.Is(arrived, target) {
			t.Errorf("%T %v is lost", target, target)
		}
	}
	if errors.Is(arrived, errFull) || errors.Is(arrived, errcode.TokenFull) || errors.Is(arrived, io.EOF) {
		t.Error("it became another")
	}
}

func TestSentinelsOfOneCodeAreTwo(t *testing.T) {
	if errors.Is(errGone, errAbsent) || !errors.Is(errGone, errcode.NoToken) || !errors.Is(errAbsent, errcode.NoToken) {
		t.Error("a room cannot tell its sentinels apart, or does not know their code")
	}
}

func TestEveryCodeSaysSomething(t *testing.T) {
	for _, code := range errcode.Codes() {
		if code.Error() == "" {
			t.Errorf("code %d says nothing", code)
		}
	}
	if got := errcode.Code(9999).Error(); got != "refused with code 9999" {
		t.Errorf("a code of a later version says %q", got)
	}
}
