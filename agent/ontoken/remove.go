package ontoken

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/mfad/mfad/agent/inventory"
	"github.com/mfad/mfad/agent/tokenperson"
	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/keystore"
	"github.com/mfad/mfad/token"
)

// takeOffLimit is how long a credential may take to be taken off a token when
// the request for it may be gone.
const takeOffLimit = 30 * time.Second

const deleting = "to delete a credential"

// credential is one that tokens have, and what opens their applets.
type credential struct {
	name   string
	tokens []string
	keys   AppletKeys
}

// Remove removes what find finds in the vault, and what it points to from the
// tokens that are plugged in; left are those that are not. The tokens come first:
// what is on them only the pointer tells.
func (a *Applets) Remove(ctx context.Context, ask credproc.Asker, find Finder) (left []string, err error) {
	v, err := a.access.Unlocked(ctx, ask)
	if err != nil {
		return nil, err
	}
	held, err := find(v)
	if err != nil {
		return nil, err
	}
	return a.remove(ctx, ask, held, held.OnToken())
}

// Release is [Applets.Remove], but leaves on its tokens what was there before mfad
// knew of it: kept says where that is.
func (a *Applets) Release(ctx context.Context, ask credproc.Asker, find Finder) (left []string, kept inventory.Placement, err error) {
	v, err := a.access.Unlocked(ctx, ask)
	if err != nil {
		return nil, kept, err
	}
	held, err := find(v)
	if err != nil {
		return nil, kept, err
	}
	on := held.Placement()
	if left, err = a.remove(ctx, ask, held, held.OnToken() && !on.Adopted); err == nil && on.Adopted {
		kept = on
	}
	return left, kept, err
}

// remove removes an item, and before it, to erase, what it points to.
func (a *Applets) remove(ctx context.Context, ask credproc.Asker, held inventory.Held, erase bool) (left []string, err error) {
	if erase {
		on := held.Placement()
		keys, err := a.keysTo(ctx, on.Tokens, ask)
		if err != nil {
			return nil, err
		}
		defer keys.Wipe()
		left, err = a.delete(ctx, credential{on.Credential, on.Tokens, keys}, tokenperson.For(ask, "to delete "+held.Name))
		if err != nil {
			return nil, err
		}
	}
	return left, a.access.Use(ctx, ask, func(v *keystore.Vault) error { return v.Remove(held.ID()) })
}

// Abandon takes what a pointer pointed to, whose place another has taken, off
// those of its tokens that are plugged in, also when the request is gone. It
// returns the tokens that have it still, and logs them. What was there before mfad
// knew of it is somebody else's, and stays.
func (a *Applets) Abandon(ctx context.Context, old inventory.Held, ask credproc.Asker) (left []string) {
	on := old.Placement()
	if !old.OnToken() || on.Adopted {
		return nil
	}
	left, err := a.takeOff(ctx, on, ask)
	if len(left) > 0 {
		a.log.WarnContext(ctx, "credential was left behind", "tokens", strings.Join(left, " "), "name", on.Credential, "err", err)
	}
	return left
}

// takeOff deletes a credential within a time of its own. It returns the tokens
// that have it still.
func (a *Applets) takeOff(ctx context.Context, on inventory.Placement, ask credproc.Asker) (left []string, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), takeOffLimit)
	defer cancel()
	keys, err := a.keysTo(ctx, on.Tokens, ask)
	if err != nil {
		return on.Tokens, err
	}
	defer keys.Wipe()
	return a.delete(ctx, credential{on.Credential, on.Tokens, keys}, tokenperson.For(ask, deleting))
}

// delete deletes a credential from one token after the other, so that one that
// fails keeps nothing on the others. It returns the tokens that have it still.
func (a *Applets) delete(ctx context.Context, c credential, who tokenperson.Person) (left []string, err error) {
	for _, one := range c.tokens {
		ref := token.Ref{Serials: []string{one}, Access: c.keys}
		_, gone := a.tokens.OATHDelete(ctx, token.OATHDeleteParams{Ref: ref, Name: c.name}, who)
		switch {
		case gone == nil, errors.Is(gone, token.ErrNoCredential):
		case absent(gone):
			left = append(left, one)
		default:
			left, err = append(left, one), errors.Join(err, gone)
		}
	}
	return left, err
}

// absent says that a token cannot be reached from here now.
func absent(err error) bool {
	return errors.Is(err, token.ErrNotPresent) || errors.Is(err, token.ErrNoService) || errors.Is(err, token.ErrNoHelper)
}
