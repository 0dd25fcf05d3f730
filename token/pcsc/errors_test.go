package pcsc

import (
	"errors"
	"strings"
	"testing"

	"github.com/mfad/mfad/token"
)

func TestEveryCodeIsATokenErrorInOneLine(t *testing.T) {
	all := []error{
		token.ErrNoService, token.ErrNotPresent, token.ErrRemoved, token.ErrBusy, token.ErrUnsupported,
	}
	for code := Code(0x80100001); code <= 0x80100070; code++ {
		known := false
		for _, err := range all {
			known = known || errors.Is(code, err)
		}
		if text := code.Error(); !known || strings.Contains(text, "\n") || !strings.Contains(text, "S") {
			t.Errorf("code %08x is %q, of no error of package token", uint32(code), text)
		}
	}
}

func TestCodesThatMatterAreWhatTheySay(t *testing.T) {
	for code, want := range map[Code]error{
		codeNoService: token.ErrNoService, codeServiceStopped: token.ErrNoService, codeSecurity: token.ErrNoService,
		codeSharingViolation: token.ErrBusy, codeReset: token.ErrRemoved, 0x80100069: token.ErrRemoved,
		codeUnknownReader: token.ErrNotPresent, 0x8010000C: token.ErrNotPresent, codeNoReaders: token.ErrNotPresent,
	} {
		if !errors.Is(code, want) {
			t.Errorf("%v is not %v", code, want)
		}
	}
	if text := codeNoService.Error(); !strings.Contains(text, "apt install pcscd") {
		t.Errorf("%q does not name the package", text)
	}
}
