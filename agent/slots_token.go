package agent

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/mfad/mfad/agent/tokenperson"
	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/internal/line"
	"github.com/mfad/mfad/keystore"
	"github.com/mfad/mfad/token"
)

// The facts of a slot that a token opens, beside modelFact.
const (
	identityFact = "identity" // what age-plugin-mfad finds the key by
	pinFact      = "pin"      // the policies of a PIV key, as far as they are known
	makeFact     = "aaguid"   // of a FIDO2 key: all of one make have the same
	slotFact     = "slot"     // of the PIV applet
)

// fillPIV finds or makes a PIV key. One that was made stays on the token, even
// if no slot comes of it: it opens nothing then.
func (s *Service) fillPIV(ctx context.Context, ask credproc.Asker, p wire.SlotAddParams, spec *keystore.SlotSpec) error {
	params := token.PIVKeyParams{Ref: token.Ref{Wait: tokenperson.Patience(ask)}, Slot: p.PIVSlot, Touch: p.Touch, PIN: p.PIN}
	if p.Token != "" {
		params.Ref.Serials = []string{p.Token}
	}
	who := tokenperson.For(ask, "to make a way into the vault")
	made, err := s.tokens.PIVKey(ctx, params, who)
	if err != nil {
		return err
	}
	s.fill(ctx, made, who, spec)
	if k := made.Key; k != nil {
		spec.Facts[slotFact], spec.Facts[pinFact], spec.Facts[touchFact] = k.Slot, k.PIN, k.Touch
	}
	return nil
}

// fillFIDO2 makes a FIDO2 credential.
func (s *Service) fillFIDO2(ctx context.Context, ask credproc.Asker, p wire.SlotAddParams, spec *keystore.SlotSpec) error {
	if !slices.Contains([]string{"", "always", "never"}, p.PIN) {
		return wire.Errorf(wire.ErrBadRequest, "the PIN of a FIDO2 key is wanted always or never, not %.20q", p.PIN)
	}
	if p.PIVSlot != "" || p.Touch != "" {
		return wire.Errorf(wire.ErrBadRequest, "a FIDO2 key has no PIV slot, and always wants a touch")
	}
	who := tokenperson.For(ask, "to make a way into the vault")
	made, err := s.tokens.FIDO2Key(ctx, token.FIDO2KeyParams{Place: p.Token, PIN: p.PIN == "always"}, who)
	if err != nil {
		return err
	}
	s.fill(ctx, made, who, spec)
	spec.Facts[pinFact], spec.Facts[touchFact] = cmp.Or(p.PIN, "never"), "always"
	if f := made.Token.FIDO2; f != nil {
		spec.Facts[makeFact] = f.AAGUID
	}
	return nil
}

func (s *Service) fill(ctx context.Context, made token.NewKey, who tokenperson.Person, spec *keystore.SlotSpec) {
	spec.Recipient = token.KeyBy(ctx, s.tokens, made.Identity, 0, who)
	spec.Facts = map[string]string{
		identityFact: made.Identity, modelFact: line.One(made.Token.String()), serialFact: made.Token.Serial,
	}
}

// byTokens opens the vault with a token that is plugged in. When a slot was
// chosen, its token is waited for. Over says that there is no more to try,
// whatever err says.
func (u unlocker) byTokens(ctx context.Context, slots []keystore.Slot, chosen bool) (over bool, missed []error, err error) {
	if len(slots) == 0 {
		return false, nil, nil
	}
	if credproc.ReachOf(u.ask) == credproc.Nobody {
		return false, []error{fmt.Errorf("%w for a touch or PIN of a token", credproc.ErrNoPrompt)}, nil
	}
	wait := 0
	if chosen && len(slots) == 1 {
		wait = tokenperson.Patience(u.ask)
	} else if slots, missed = u.plugged(ctx, slots); chosen && len(slots) == 0 {
		return true, nil, errors.Join(missed...)
	}
	for _, slot := range slots {
		err := u.byToken(ctx, slot, wait)
		dismissed := errors.Is(err, credproc.ErrDismissed) || errors.Is(err, token.ErrDismissed)
		if err == nil || fatal(err) || dismissed || ctx.Err() != nil {
			return true, nil, err
		}
		missed = append(missed, u.miss(ctx, slot, err))
	}
	return false, missed, nil
}

// byToken opens the vault with the token of a slot, for as long as that is
// plugged in.
func (u unlocker) byToken(ctx context.Context, slot keystore.Slot, wait int) error {
	identity := slot.Facts[identityFact]
	who := tokenperson.For(u.ask, cmp.Or(u.why, unlocking))
	key := token.KeyBy(ctx, u.door.tokens, identity, wait, who)
	err := u.vault.Unlock(ctx, slot.ID, key)
	if err == nil {
		u.door.guard(u.vault, token.WatchParams{Identity: identity, Place: key.Token().Place})
	}
	return err
}

const unlocking = "to unlock the vault"

// plugged parts the slots whose token is plugged in, as far as that can be
// seen, from the others, and says what those need.
func (u unlocker) plugged(ctx context.Context, slots []keystore.Slot) (there []keystore.Slot, missed []error) {
	list, err := u.door.tokens.Look(ctx, tokenperson.For(u.ask, cmp.Or(u.why, unlocking)))
	if err != nil {
		return nil, []error{fmt.Errorf("looking for tokens: %w", err)}
	}
	for _, slot := range slots {
		if slices.ContainsFunc(list.Tokens, func(t token.Token) bool { return mayOpen(t, slot) }) {
			there = append(there, slot)
			continue
		}
		missed = append(missed, fmt.Errorf("%s slot: %w: %s", slot.Kind, token.ErrNotPresent, slot.Facts[modelFact]))
	}
	if len(missed) > 0 {
		for _, fault := range list.Faults {
			missed = append(missed, errors.New(line.One(fault)))
		}
	}
	return there, missed
}

// mayOpen tells whether a slot's key can be on a token. One FIDO2 key looks
// like another: only a try tells.
func mayOpen(t token.Token, slot keystore.Slot) bool {
	if slot.Kind == keystore.SlotFIDO2 {
		return t.FIDO2 != nil && t.FIDO2.HMACSecret
	}
	_, serial, err := token.ParseIdentity(slot.Facts[identityFact])
	return err == nil && t.Serial == strconv.FormatUint(uint64(serial), 10)
}
