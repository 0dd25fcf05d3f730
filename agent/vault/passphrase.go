package vault

import (
	"context"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/mfad/mfad/internal/errcode"
	"github.com/mfad/mfad/internal/human"
	"github.com/mfad/mfad/keystore"
)

// shortestPassphrase is in characters (NIST SP 800-63B, 5.1.1.1).
const shortestPassphrase = 8

var passphraseWay = way{
	kind: keystore.SlotPassphrase, make: choosePassphrase, scrypt: true,
	typed: &typed{"passphrase", keystore.PassphraseIdentity, false},
}

// choosePassphrase asks for a new passphrase.
func choosePassphrase(ctx context.Context, m maker) (newSlot, error) {
	what, again := fmt.Sprintf("passphrase of vault %q", Name), "" // a prompter says that it is a new one
	for range tries {
		pass, err := human.AskSecret(ctx, m.ask, human.Question{What: what, Again: again, New: true})
		if err != nil {
			return newSlot{}, err
		}
		if utf8.RuneCount(pass) >= shortestPassphrase {
			recipient, err := keystore.PassphraseRecipient(pass)
			identity, unfit := keystore.PassphraseIdentity(pass)
			clear(pass)
			return newSlot{spec: keystore.SlotSpec{Recipient: recipient}, typed: identity}, errors.Join(err, unfit)
		}
		clear(pass)
		again = fmt.Sprintf("a passphrase has at least %d characters", shortestPassphrase)
	}
	return newSlot{}, errcode.Errorf(errcode.BadRequest, "%s", again)
}
