package vault

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"filippo.io/age"

	"github.com/mfad/mfad/agent/inventory"
	"github.com/mfad/mfad/agent/tokenperson"
	"github.com/mfad/mfad/keystore"
	"github.com/mfad/mfad/token"
)

// proof is what a new slot is opened with before it counts: what an unlock would
// find for it, looked for as an unlock does.
func (w way) proof(ctx context.Context, m maker, made newSlot) (age.Identity, error) {
	slot := keystore.Slot{Kind: w.kind, Label: made.spec.Label, Facts: made.spec.Facts}
	switch {
	case w.silent != nil:
		return w.silent(ctx, opener{m.tools, m.ask}, slot)
	case w.token:
		return m.tokenOf(ctx, slot)
	}
	return made.typed, nil
}

const proving = "to prove that it opens the vault"

// errStays tells what is left of a slot that a token does not open.
var errStays = errors.New("no way in was added; a key that was made for it stays on the token, where nothing uses it")

// tokenOf looks for the token of a slot among those that are plugged in, as
// [unlocker.plugged] does, and returns its key.
func (m maker) tokenOf(ctx context.Context, slot keystore.Slot) (age.Identity, error) {
	who := tokenperson.For(m.ask, proving)
	list, err := m.tokens.Look(ctx, who)
	if err != nil {
		return nil, fmt.Errorf("looking for tokens: %w", err)
	}
	if !slices.ContainsFunc(list.Tokens, func(t token.Token) bool { return mayOpen(m.tokens.KeyKinds(), t, slot) }) {
		return nil, fmt.Errorf("%w: none looks like the one of the slot; %w", token.ErrNotPresent, errStays)
	}
	return staying{token.KeyBy(ctx, m.tokens, inventory.TokenSlotOf(slot).Identity, 0, who)}, nil
}

// staying is the key of a token whose refusal tells what is left.
type staying struct{ age.Identity }

// Unwrap implements [age.Identity].
func (s staying) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	fileKey, err := s.Identity.Unwrap(stanzas)
	if err != nil {
		err = fmt.Errorf("%w (%w)", err, errStays)
	}
	return fileKey, err
}
