package token

import (
	"context"
	"fmt"
	"os"
	"time"
)

// Helper runs mfad-token, one process for each call. Its zero value is ready.
// It may be used from several goroutines, and must not be copied.
//
// Calls for one token run one after the other; calls for two tokens mostly run
// side by side. The errors are those of this package, the person's refusal as
// the [Person] returned it, or the cause of ctx's end.
//
// When a call returns, every question to the person and every Await has ended.
// The program has ended too, whatever it did, unless ctx has ended: a token that
// waits for a touch cannot be told that nobody wants it any more. Then the program
// stays until the token is touched or gives up, and takes back what it has begun.
// Other calls for the token wait meanwhile.
type Helper struct {
	// Program is mfad-token; empty looks for it beside our own executable, then
	// in PATH.
	Program string
	// Env is its environment; nil is what it needs of ours.
	Env []string
	// Kinds are the kinds of keys that the program has drivers for; nil is Known.
	Kinds Kinds

	limits limits // the zero value is the usual ones
	lanes  lanes
	last   lastProgram
}

var _ Wrapper = (*Helper)(nil)

// limits are how long mfad-token may take.
type limits struct {
	silence time.Duration // without a word, when it waits for nobody
	touch   time.Duration // without a word, while it waits for a touch
	slack   time.Duration // beyond the time that it was given to wait for a token
	whole   time.Duration // in all, beyond that time
	grace   time.Duration // to end after its input, and undo what is half done
}

var usual = limits{
	silence: 10 * time.Second, touch: TouchLimit + 10*time.Second, slack: 5 * time.Second,
	whole: 3 * time.Minute, grace: 500 * time.Millisecond,
}

// forever is a time that nobody sees the end of.
const forever = 100 * 365 * 24 * time.Hour

// KeyKinds are the kinds of keys that MakeKey makes.
func (h *Helper) KeyKinds() Kinds {
	if h.Kinds == nil {
		return Known
	}
	return h.Kinds
}

// List tells what is plugged in. It asks nobody and costs no try.
func (h *Helper) List(ctx context.Context, p ListParams) (r Listing, err error) {
	err = h.call(ctx, &call{method: MethodList, params: p, result: &r, lanes: []string{"list"}})
	return r, err
}

// Look is a brief List. It waits until no other call has a token, so that it sees
// those that blink for another call too; the person hears of the wait.
func (h *Helper) Look(ctx context.Context, person Person) (r Listing, err error) {
	err = h.call(ctx, &call{method: MethodList, params: ListParams{Brief: true}, result: &r, person: person, lanes: anyLane})
	return r, err
}

// OATHCode computes a code.
func (h *Helper) OATHCode(ctx context.Context, p OATHCodeParams, person Person) (r OATHCode, err error) {
	err = h.onTokens(ctx, p.Ref, &call{method: MethodOATHCode, params: p, result: &r, person: person})
	return r, err
}

// OATHDay computes a day's key; the caller wipes it.
func (h *Helper) OATHDay(ctx context.Context, p OATHDayParams, person Person) (r OATHDay, err error) {
	err = h.onTokens(ctx, p.Ref, &call{method: MethodOATHDay, params: p, result: &r, person: person})
	return r, err
}

// OATHPut puts a credential on tokens, on all or on none; the caller wipes
// p.Key. Of a token that was pulled out in the middle the error says whether
// the credential may be on it.
func (h *Helper) OATHPut(ctx context.Context, p OATHPutParams, person Person) (r Placed, err error) {
	err = h.onTokens(ctx, p.Ref, &call{method: MethodOATHPut, params: p, result: &r, person: person})
	return r, err
}

// OATHDelete deletes a credential from tokens.
func (h *Helper) OATHDelete(ctx context.Context, p OATHDeleteParams, person Person) (r Placed, err error) {
	err = h.onTokens(ctx, p.Ref, &call{method: MethodOATHDelete, params: p, result: &r, person: person})
	return r, err
}

// OATHAccess derives the key to an OATH applet, and proves it; the caller
// wipes it.
func (h *Helper) OATHAccess(ctx context.Context, p OATHAccessParams, person Person) (r OATHAccess, err error) {
	err = h.onTokens(ctx, p.Ref, &call{method: MethodOATHAccess, params: p, result: &r, person: person})
	return r, err
}

// OATHProtect sets or removes an access code; the caller wipes p.New and the
// key.
func (h *Helper) OATHProtect(ctx context.Context, p OATHProtectParams, person Person) (r OATHAccess, err error) {
	err = h.onTokens(ctx, p.Ref, &call{method: MethodOATHProtect, params: p, result: &r, person: person})
	return r, err
}

// MakeKey finds or makes a key that opens a vault. It returns an error wrapping
// ErrInvalid if there is no such kind.
func (h *Helper) MakeKey(ctx context.Context, p KeyParams, person Person) (r NewKey, err error) {
	kind, known := h.KeyKinds().Find(p.Kind)
	if !known {
		return r, fmt.Errorf("%w: there are no keys of kind %.20q", ErrInvalid, p.Kind)
	}
	c := &call{method: MethodMakeKey, params: p, result: &r, person: person, lanes: kind.Lanes(p.Token), wait: seconds(p.Wait)}
	if err := h.call(ctx, c); err != nil {
		return NewKey{}, err
	}
	if _, _, err := (Kinds{kind}).Parse(r.Identity); err != nil {
		return NewKey{}, c.senseless()
	}
	return r, nil
}

// Wrap wraps a file key; the caller wipes p.FileKey. Only a FIDO2 key must be
// there for that.
func (h *Helper) Wrap(ctx context.Context, p WrapParams, person Person) (r WrapResult, err error) {
	err = h.call(ctx, &call{method: MethodWrap, params: p, result: &r, person: person, lanes: h.lanesOf(p.Identity)})
	return r, err
}

// Unwrap opens a file key; the caller wipes it. It returns an error wrapping
// ErrInvalid if none of the stanzas is for the identity.
func (h *Helper) Unwrap(ctx context.Context, p UnwrapParams, person Person) (r UnwrapResult, err error) {
	err = h.call(ctx, &call{
		method: MethodUnwrap, params: p, result: &r, person: person,
		lanes: h.lanesOf(p.Identity), wait: seconds(p.Wait),
	})
	return r, err
}

// Watch waits until a token is plugged in no more, or has been out and in
// again. Its process holds no reader, lives as long as Watch waits, and keeps no
// other call waiting. Any error but the cause of ctx's end says that nobody can
// tell: ErrNoService when pcscd has gone.
func (h *Helper) Watch(ctx context.Context, p WatchParams) error {
	return h.call(ctx, &call{method: MethodWatch, params: p, result: &Gone{}, endless: true})
}

// onTokens runs a call that is for the tokens that ref names.
func (h *Helper) onTokens(ctx context.Context, ref Ref, c *call) error {
	c.wait = seconds(ref.Wait)
	for _, serial := range ref.Serials {
		c.lanes = append(c.lanes, SerialLanes(serial)...)
	}
	if len(ref.Serials) == 0 {
		c.lanes = anyLane
	}
	return h.call(ctx, c)
}

// lanesOf are the lanes of the token that an identity points to.
func (h *Helper) lanesOf(identity string) []string {
	kind, serial, err := h.KeyKinds().Parse(identity)
	if err != nil {
		return anyLane
	}
	return kind.Lanes(serial)
}

func seconds(n int) time.Duration { return time.Duration(max(n, 0)) * time.Second }

// call runs one process for c.
func (h *Helper) call(ctx context.Context, c *call) (err error) {
	if c.leave, err = h.enter(ctx, c); err != nil {
		return err
	}
	if err := h.begin(ctx, c); err != nil {
		c.leave()
		return err
	}
	return c.run(ctx)
}

// enter waits for the turn of c.
func (h *Helper) enter(ctx context.Context, c *call) (leave func(), err error) {
	if c.person != nil {
		defer Later(Hesitation, func() func() { return c.person.Await(ctx, Waiting{For: AwaitTurn}) })()
	}
	return h.lanes.enter(ctx, c.lanes)
}

// begin starts the process of c.
func (h *Helper) begin(ctx context.Context, c *call) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	path, err := h.find()
	if err != nil {
		return err
	}
	env := h.Env
	if env == nil {
		env = passing.Scrub(os.Environ())
	}
	c.limits, c.kinds = h.limits, h.KeyKinds()
	if c.limits == (limits{}) {
		c.limits = usual
	}
	if c.endless {
		c.limits.silence, c.limits.whole = forever, forever
	}
	c.process, err = start(h.last.at(path), env)
	return err
}
