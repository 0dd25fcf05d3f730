package vault

import (
	"errors"
	"fmt"
	"testing"

	"github.com/mfad/mfad/internal/human"
	"github.com/mfad/mfad/token"
)

func TestQuestionForThePassphraseTellsWhyATokenWasNotEnough(t *testing.T) {
	wrong := fmt.Errorf("opening with the key in slot 82 of YubiKey 5: %w: 1 try left", token.ErrPIN)
	absent := fmt.Errorf("piv slot: %w: YubiKey 5", token.ErrNotPresent)
	for _, test := range []struct {
		missed []error
		want   string
	}{
		{nil, ""},
		{[]error{absent}, ""},
		{[]error{fmt.Errorf("%w for a touch or PIN of a token", human.ErrNoPrompt)}, ""},
		{[]error{errors.New("keychain slot: locked"), wrong, absent}, wrong.Error()},
		{[]error{wrong, fmt.Errorf("key agreement: %w", token.ErrTouch)}, "key agreement: token was not touched in time"},
		{[]error{fmt.Errorf("looking for tokens: %w: it hung", token.ErrHelper)}, "looking for tokens: mfad-token failed: it hung"},
	} {
		if got := tokenFault(test.missed); got != test.want {
			t.Errorf("after %v: %q", test.missed, got)
		}
	}
}
