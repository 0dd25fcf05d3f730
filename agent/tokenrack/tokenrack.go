// Package tokenrack is a test double of the tokens that mfad-token reaches: a
// [Rack] of them, in memory, with real credentials and keys.
//
// It has the methods of [github.com/mfad/mfad/token.Helper], and is strict about
// what it is asked: a name or a key that no token would take fails the test. The
// tests of the agent and of its rooms put it in the place of the program. It
// speaks no protocol; for that there is token/tokentest.
package tokenrack

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"filippo.io/age"

	"github.com/mfad/mfad/token"
)

// A Rack is all the tokens there are, some of them plugged in. Make it with
// [New]. A test sets the fields before the call that they are for.
type Rack struct {
	Tokens  []*Stick
	Calls   []string                  // the methods that were called
	Fault   func(method string) error // before a call does anything
	Touched func()                    // when a touch is waited for
	Insert  func(w token.Waiting)     // when a token is waited for
	Lists   token.Listing             // more that a list has
	Whole   int                       // lists that were not brief
	Gone    chan error                // ends a Watch
	Watched atomic.Int32              // how many there are

	t       testing.TB
	mu      sync.Mutex
	secrets [][]byte // that came in, which their owner must wipe
	waiting int      // words that were not taken back
}

// A Stick is one token.
type Stick struct {
	Serial, Applet string
	Away           bool   // not plugged in
	Full           bool   // takes no more credentials
	Code           string // the access code
	Credentials    map[string]*Credential
	Touches        int
	PIN            string // empty: none is asked for
	Retries        int
	Identity       string // of its key that opens vaults
	Key            *age.X25519Identity
	FIDO2          bool // its key is one of FIDO2, else of PIV
}

// A Credential is what an OATH applet keeps.
type Credential struct {
	Name, Algorithm string
	Digits          int
	Key             []byte
	Touch           bool
}

// New returns a rack without tokens. What it is asked wrongly fails t.
func New(t testing.TB) *Rack { return &Rack{t: t, Gone: make(chan error)} }

// Plug adds tokens with these serials, which are numbers, and plugs them in.
func (r *Rack) Plug(serials ...string) {
	r.t.Helper()
	for _, serial := range serials {
		n, err := strconv.ParseUint(serial, 10, 32)
		if err != nil {
			r.t.Fatal(err)
		}
		r.Tokens = append(r.Tokens, &Stick{Serial: serial, Applet: fmt.Sprintf("%016x", n), Credentials: map[string]*Credential{}, Retries: 3})
	}
}

// Check fails the test if the person was told something that was not taken
// back, or a secret that came in was not wiped.
func (r *Rack) Check() {
	r.t.Helper()
	if r.waiting != 0 {
		r.t.Errorf("%d words to the person were not taken back", r.waiting)
	}
	for _, secret := range r.secrets {
		if strings.Trim(string(secret), "\x00") != "" {
			r.t.Error("a secret that went to a token was not wiped")
		}
	}
}

// Names are the names of the credentials, sorted.
func (k *Stick) Names() []string { return slices.Sorted(maps.Keys(k.Credentials)) }

// Token is how the token describes itself.
func (k *Stick) Token() token.Token {
	return token.Token{Serial: k.Serial, Model: "YubiKey 5 NFC", Version: "5.4.3", Place: "reader of " + k.Applet}
}

// begin notes a call and meets it with the fault that is due.
func (r *Rack) begin(method string, secret []byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Calls = append(r.Calls, method)
	if secret != nil {
		r.secrets = append(r.secrets, secret)
	}
	if r.Fault != nil {
		return r.Fault(method)
	}
	return nil
}

// Count is how often a method was called.
func (r *Rack) Count(method string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(slices.DeleteFunc(slices.Clone(r.Calls), func(c string) bool { return c != method }))
}

// await tells the person, and counts that it is taken back.
func (r *Rack) await(ctx context.Context, person token.Person, w token.Waiting) func() {
	done := person.Await(ctx, w)
	r.mu.Lock()
	r.waiting++
	r.mu.Unlock()
	return func() {
		done()
		r.mu.Lock()
		r.waiting--
		r.mu.Unlock()
	}
}

// find finds the tokens of a Ref: all of those that are named, or one.
func (r *Rack) find(ctx context.Context, ref token.Ref, all bool, person token.Person) ([]*Stick, error) {
	look := func() (there []*Stick, missing []string) {
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, k := range r.Tokens {
			if !k.Away && len(ref.Serials) == 0 {
				there = append(there, k)
			}
		}
		for _, name := range ref.Serials {
			at := slices.IndexFunc(r.Tokens, func(k *Stick) bool { return !k.Away && (k.Serial == name || k.Applet == name) })
			if at < 0 {
				missing = append(missing, name)
			} else {
				there = append(there, r.Tokens[at])
			}
		}
		return there, missing
	}
	there, missing := look()
	if len(there) == 0 && ref.Wait > 0 {
		done := r.await(ctx, person, token.Waiting{For: token.AwaitInsert, Serials: ref.Serials})
		if r.Insert != nil {
			r.Insert(token.Waiting{For: token.AwaitInsert, Serials: ref.Serials})
		}
		done()
		there, missing = look()
	}
	switch {
	case len(there) == 0, all && len(missing) > 0:
		return nil, fmt.Errorf("%w: wanted is the one with serial %s", token.ErrNotPresent, strings.Join(missing, " or "))
	case len(ref.Serials) == 0 && len(there) > 1:
		return nil, token.ErrAmbiguous
	case !all:
		there = there[:1]
	}
	return there, nil
}

func (r *Rack) touch(ctx context.Context, k *Stick, wanted bool, person token.Person) {
	if !wanted {
		return
	}
	defer r.await(ctx, person, token.Waiting{For: token.AwaitTouch, Token: k.Token()})()
	r.mu.Lock()
	k.Touches++
	touched := r.Touched
	r.mu.Unlock()
	if touched != nil {
		touched()
	}
}

// List has the contract of [token.Helper.List].
func (r *Rack) List(_ context.Context, p token.ListParams) (token.Listing, error) {
	if err := r.begin(token.MethodList, nil); err != nil {
		return token.Listing{}, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !p.Brief {
		r.Whole++
	}
	list := token.Listing{Tokens: slices.Clone(r.Lists.Tokens), Faults: r.Lists.Faults}
	for _, k := range r.Tokens {
		if k.Away {
			continue
		}
		t := k.Token()
		t.OATH = &token.OATH{ID: k.Applet, Protected: k.Code != "", Locked: k.Code != "" && string(p.Access[k.Applet]) != k.accessKey()}
		for name, c := range k.Credentials {
			if !t.OATH.Locked {
				t.OATH.Credentials = append(t.OATH.Credentials, token.OATHCredential{Name: name, Type: "totp", Algorithm: c.Algorithm, Touch: c.Touch})
			}
		}
		t.PIV = &token.PIV{Version: "5.4.3", Retries: k.Retries}
		if k.Key != nil && !k.FIDO2 {
			t.PIV.Keys = []token.PIVKey{{Slot: "82"}}
		}
		if k.FIDO2 {
			t.FIDO2 = &token.FIDO2{AAGUID: "2fc0579f811347eab116bb5a8db9202a", HMACSecret: true, Retries: token.Unknown}
		}
		list.Tokens = append(list.Tokens, t)
	}
	return list, nil
}

// Look has the contract of [token.Helper.Look].
func (r *Rack) Look(ctx context.Context, _ token.Person) (token.Listing, error) {
	return r.List(ctx, token.ListParams{Brief: true})
}
