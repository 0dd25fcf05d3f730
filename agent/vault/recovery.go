package vault

import (
	"bytes"
	"context"

	"github.com/mfad/mfad/keystore"
)

var recoveryWay = way{
	kind: keystore.SlotRecovery, make: makeRecovery,
	typed: &typed{"recovery key", keystore.ParseRecovery, true},
}

// makeRecovery makes a recovery key, which is kept nowhere.
func makeRecovery(context.Context, maker) (newSlot, error) {
	recipient, text, err := keystore.NewRecovery()
	if err != nil {
		return newSlot{}, err
	}
	defer text.Destroy()
	identity, err := keystore.ParseRecovery(text.Bytes())
	return newSlot{spec: keystore.SlotSpec{Recipient: recipient}, typed: identity, recovery: bytes.Clone(text.Bytes())}, err
}
