package vault

import (
	"context"
	"maps"

	"github.com/mfad/mfad/agent/inventory"
	"github.com/mfad/mfad/agent/tokenperson"
	"github.com/mfad/mfad/internal/errcode"
	"github.com/mfad/mfad/internal/line"
	"github.com/mfad/mfad/keystore"
	"github.com/mfad/mfad/token"
)

// tokenWay is the way in by keys of a kind, on tokens.
func tokenWay(kind token.Kind) way {
	return way{
		kind: keystore.SlotKind(kind.Name()), token: true,
		guarded: func(slot keystore.Slot) bool { return kind.Guarded(slot.Facts) },
		make:    func(ctx context.Context, m maker) (newSlot, error) { return makeToken(ctx, m, kind) },
	}
}

// makeToken finds or makes a key on a token. One that was made stays there, even
// if no slot comes of it: it opens nothing then.
func makeToken(ctx context.Context, m maker, kind token.Kind) (newSlot, error) {
	params := token.KeyParams{
		Kind: kind.Name(), Token: m.Token, Wait: tokenperson.Patience(m.ask), Slot: m.PIVSlot, Touch: m.Touch, PIN: m.PIN,
	}
	if err := kind.Check(params); err != nil {
		return newSlot{}, errcode.Errorf(errcode.BadRequest, "%v", err)
	}
	who := tokenperson.For(m.ask, "to make a way into the vault")
	made, err := m.tokens.MakeKey(ctx, params, who)
	if err != nil {
		return newSlot{}, err
	}
	facts := inventory.TokenSlot{
		Identity: made.Identity, Token: line.One(made.Token.String()), Serial: made.Token.Serial,
	}.Facts()
	maps.Copy(facts, kind.Facts(params, made))
	return newSlot{spec: keystore.SlotSpec{Recipient: token.KeyBy(ctx, m.tokens, made.Identity, 0, who), Facts: facts}}, nil
}
