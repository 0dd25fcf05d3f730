package vault

import (
	"context"
	"fmt"
	"log/slog"
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

// tries is how often a secret is asked for before a request is refused.
const tries = 3

// Tokens are the tokens that open vaults, with the contracts of [token.Helper].
type Tokens interface {
	token.Wrapper
	Look(ctx context.Context, person token.Person) (token.Listing, error)
	KeyKinds() token.Kinds
	MakeKey(ctx context.Context, p token.KeyParams, person token.Person) (token.NewKey, error)
	Watch(ctx context.Context, p token.WatchParams) error
}

// Keychain is a keychain as [github.com/mfad/mfad/keystore/keychain] offers
// the desktop's, with the same contracts.
type Keychain interface {
	Available(ctx context.Context) error
	Get(ctx context.Context, account string) ([]byte, error)
	Set(ctx context.Context, account string, secret []byte) error
	Delete(ctx context.Context, account string) error
}

// A way is a kind of slot: how one is made, and how it opens the vault. One of
// silent, token and typed is set; they are tried in that order.
type way struct {
	kind keystore.SlotKind
	// make asks for, and makes, what a slot needs, outside the vault.
	make func(ctx context.Context, m maker) (newSlot, error)

	// silent gives the identity that opens a slot without a secret of the vault's.
	silent func(ctx context.Context, o opener, slot keystore.Slot) (age.Identity, error)
	// token says that a token opens the slot.
	token bool
	// guarded tells whether a person takes part each time that a token opens a slot.
	guarded func(slot keystore.Slot) bool
	// typed is the secret that a person types.
	typed *typed

	// scrypt says that making a slot takes scrypt's memory.
	scrypt bool
	// leave takes away what a removed slot has left outside the vault; nil: nothing.
	leave func(ctx context.Context, t tools, slot keystore.Slot)
}

// typed is a secret that opens slots of a kind.
type typed struct {
	what  string // "passphrase"
	parse func(text []byte) (age.Identity, error)
	spare bool // it is kept off the machine, so that nobody is asked for it needlessly
}

// tools are what ways work with, outside the vault.
type tools struct {
	keychain Keychain
	tokens   Tokens
	log      *slog.Logger
}

// opener opens one slot for whoever is asked.
type opener struct {
	tools
	ask credproc.Asker
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
	tools
	ask credproc.Asker
}

// newSlot is a way in that is ready to be added to a vault.
type newSlot struct {
	spec     keystore.SlotSpec
	typed    age.Identity // of what a person types to open it; nil: nothing is typed
	recovery []byte       // shown once; kind recovery alone
	undo     func()       // when it is not added after all; nil: nothing
}

// discard undoes what was done for a slot that is not added.
func (n newSlot) discard() {
	if n.undo != nil {
		n.undo()
	}
}

// ways are the kinds of slots that there are.
type ways []way

// make makes what a slot needs, and finds the way that it is of.
func (ws ways) make(ctx context.Context, m maker) (way, newSlot, error) {
	i := slices.IndexFunc(ws, func(w way) bool { return string(w.kind) == m.Kind })
	if i < 0 {
		err := errcode.Errorf(errcode.BadRequest, "a slot is of kind %s, not %.20q", ws, m.Kind)
		return way{}, newSlot{}, fmt.Errorf("making a %s slot: %w", m.Kind, err)
	}
	w := ws[i]
	made, err := w.make(ctx, m)
	if err != nil {
		return way{}, newSlot{}, fmt.Errorf("making a %s slot: %w", m.Kind, err)
	}
	made.spec.Kind = w.kind
	if m.Label != "" {
		made.spec.Label = m.Label
	}
	return w, made, nil
}

// String names all kinds: "a, b or c".
func (ws ways) String() string {
	var names []string
	for _, w := range ws {
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
