package vault

import (
	"bytes"
	"context"

	"filippo.io/age"

	"github.com/mfad/mfad/keystore"
)

var recoveryWay = way{
	kind: keystore.SlotRecovery, make: makeRecovery,
	typed: &typed{"recovery key", keystore.ParseRecovery, true},
}

// makeRecovery makes a recovery key, which is kept nowhere: it counts only while
// whoever wants it is still there to be shown it.
func makeRecovery(ctx context.Context, _ maker) (newSlot, error) {
	recipient, text, err := keystore.NewRecovery()
	if err != nil {
		return newSlot{}, err
	}
	defer text.Destroy()
	identity, err := keystore.ParseRecovery(text.Bytes())
	proof := awaited{identity, ctx.Err}
	return newSlot{
		spec:  keystore.SlotSpec{Recipient: recipient, Proof: proof},
		typed: proof, recovery: bytes.Clone(text.Bytes()),
	}, err
}

// awaited is a key that opens nothing when the call that made it is over.
type awaited struct {
	age.Identity
	over func() error
}

// Unwrap implements [age.Identity].
func (a awaited) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	if err := a.over(); err != nil {
		return nil, err
	}
	return a.Identity.Unwrap(stanzas)
}
