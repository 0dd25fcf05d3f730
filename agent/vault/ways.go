package vault

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"

	"filippo.io/age"

	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/internal/errcode"
	"github.com/mfad/mfad/internal/lane"
	"github.com/mfad/mfad/keystore"
	"github.com/mfad/mfad/token"
)

// A way is a kind of slot: how one is made, and how it opens the vault. One of
// silent, token and typed is set; they are tried in that order.
type way struct {
	kind keystore.SlotKind
	// make asks for, and makes, what a slot needs, outside the vault.
	make func(ctx context.Context, m maker) (newSlot, error)

	// silent gives the identity that opens a slot without a secret of the vault's.
	silent func(ctx context.Context, u unlocker, slot keystore.Slot) (age.Identity, error)
	// token says that a token opens the slot.
	token bool
	// typed is the secret that a person types.
	typed *typed

	// scrypt says that making a slot takes scrypt's memory.
	scrypt bool
	// leave takes away what a removed slot has left outside the vault; nil: nothing.
	leave func(ctx context.Context, a *Access, slot keystore.Slot)
}

// typed is a secret that opens slots of a kind.
type typed struct {
	what  string // "passphrase"
	parse func(text []byte) (age.Identity, error)
}

// allWays are the kinds of slots, in the order in which they are named, and tried
// among those that ask alike.
func allWays(kinds token.Kinds) []way {
	ways := []way{passphraseWay, keychainWay, recoveryWay, pluginWay}
	for _, kind := range kinds {
		ways = append(ways, tokenWay(kind))
	}
	return ways
}

// Request asks for a new slot. What its kind does not take is empty.
type Request struct {
	Kind  string // that of a slot
	Label string // for people
	// Recipient and Identity are an age plugin's.
	Recipient, Identity string
	// Token, PIVSlot, PIN and Touch are those of [token.KeyParams].
	Token, PIVSlot, PIN, Touch string
}

// maker makes one slot.
type maker struct {
	Request
	access *Access
	ask    credproc.Asker
}

// newSlot is a way in that is ready to be added to a vault.
type newSlot struct {
	spec     keystore.SlotSpec
	recovery string // shown once; kind recovery alone
	undo     func() // when it is not added after all; nil: nothing
}

// discard undoes what was done for a slot that is not added.
func (n newSlot) discard() {
	if n.undo != nil {
		n.undo()
	}
}

// makeSlot makes what a slot needs, and finds the way that it is of.
func (a *Access) makeSlot(ctx context.Context, ask credproc.Asker, r Request) (way, newSlot, error) {
	i := slices.IndexFunc(a.ways, func(w way) bool { return string(w.kind) == r.Kind })
	if i < 0 {
		err := errcode.Errorf(errcode.BadRequest, "a slot is of kind %s, not %.20q", a.kinds(), r.Kind)
		return way{}, newSlot{}, fmt.Errorf("making a %s slot: %w", r.Kind, err)
	}
	w := a.ways[i]
	made, err := w.make(ctx, maker{r, a, ask})
	if err != nil {
		return way{}, newSlot{}, fmt.Errorf("making a %s slot: %w", r.Kind, err)
	}
	made.spec.Kind = w.kind
	if r.Label != "" {
		made.spec.Label = r.Label
	}
	return w, made, nil
}

// kinds names all kinds: "a, b or c".
func (a *Access) kinds() string {
	var names []string
	for _, w := range a.ways {
		names = append(names, string(w.kind))
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// scryptLane lets one at a time run scrypt, which takes 256 MiB.
type scryptLane struct{ lane lane.Lane }

// run runs f alone, and gives scrypt's memory back.
func (l scryptLane) run(ctx context.Context, f func() error) error {
	if err := l.lane.Enter(ctx); err != nil {
		return err
	}
	defer l.lane.Leave()
	defer debug.FreeOSMemory()
	return f()
}
