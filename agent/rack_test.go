package agent

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"fmt"
	"hash"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"filippo.io/age"

	"github.com/mfad/mfad/token"
)

// rack is all the tokens there are, some of them plugged in: what mfad-token
// would reach, with real credentials and keys. It is strict about what it is
// asked.
type rack struct {
	t testing.TB

	mu      sync.Mutex
	tokens  []*stick
	calls   []string
	fault   func(method string) error // before a call does anything
	touched func()                    // when a touch is waited for
	insert  func(w token.Waiting)     // when a token is waited for
	secrets [][]byte                  // that came in, which their owner must wipe
	waiting int                       // words that were not taken back
	lists   token.Listing             // more that a list has
	whole   int                       // lists that were not brief
	gone    chan error                // ends a Watch
	watched atomic.Int32              // how many there are
}

// stick is one token.
type stick struct {
	serial, applet string
	away           bool
	full           bool
	code           string // the access code
	credentials    map[string]*credential
	touches        int
	pin            string // empty: none is asked for
	retries        int
	identity       string // of its key that opens vaults
	key            *age.X25519Identity
	fido2          bool
}

// credential is a placing that has arrived.
type credential placing

var _ Tokens = (*rack)(nil)

// withTokens gives a bench tokens with these serials, plugged in.
func (b *bench) withTokens(t testing.TB, serials ...string) *rack {
	t.Helper()
	r := &rack{t: t, gone: make(chan error)}
	for _, serial := range serials {
		n, err := strconv.ParseUint(serial, 10, 32)
		if err != nil {
			t.Fatal(err)
		}
		r.tokens = append(r.tokens, &stick{serial: serial, applet: fmt.Sprintf("%016x", n), credentials: map[string]*credential{}, retries: 3})
	}
	b.rack = r
	b.tokens, b.door.tokens, b.options.Tokens = r, r, r
	t.Cleanup(func() {
		if r.waiting != 0 {
			t.Errorf("%d words to the person were not taken back", r.waiting)
		}
		for _, secret := range r.secrets {
			if strings.Trim(string(secret), "\x00") != "" {
				t.Error("a secret that went to a token was not wiped")
			}
		}
	})
	return r
}

func (k *stick) token() token.Token {
	return token.Token{Serial: k.serial, Model: "YubiKey 5 NFC", Version: "5.4.3", Place: "reader of " + k.applet}
}

// begin notes a call and meets it with the fault that is due.
func (r *rack) begin(method string, secret []byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls = append(r.calls, method)
	if secret != nil {
		r.secrets = append(r.secrets, secret)
	}
	if r.fault != nil {
		return r.fault(method)
	}
	return nil
}

func (r *rack) count(method string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(slices.DeleteFunc(slices.Clone(r.calls), func(c string) bool { return c != method }))
}

// await tells the person, and counts that it is taken back.
func (r *rack) await(ctx context.Context, person token.Person, w token.Waiting) func() {
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
func (r *rack) find(ctx context.Context, ref token.Ref, all bool, person token.Person) ([]*stick, error) {
	look := func() (there []*stick, missing []string) {
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, k := range r.tokens {
			if !k.away && len(ref.Serials) == 0 {
				there = append(there, k)
			}
		}
		for _, name := range ref.Serials {
			at := slices.IndexFunc(r.tokens, func(k *stick) bool { return !k.away && (k.serial == name || k.applet == name) })
			if at < 0 {
				missing = append(missing, name)
			} else {
				there = append(there, r.tokens[at])
			}
		}
		return there, missing
	}
	there, missing := look()
	if len(there) == 0 && ref.Wait > 0 {
		done := r.await(ctx, person, token.Waiting{For: token.AwaitInsert, Serials: ref.Serials})
		if r.insert != nil {
			r.insert(token.Waiting{For: token.AwaitInsert, Serials: ref.Serials})
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

// open opens the OATH applet of a token.
func (r *rack) open(ctx context.Context, k *stick, ref token.Ref, person token.Person) error {
	if k.code == "" || string(ref.Access[k.applet]) == k.accessKey() {
		return nil
	}
	code, err := person.Secret(ctx, token.Question{Kind: token.AskAccessCode, Token: k.token(), Retries: token.Unknown})
	defer clear(code)
	if err == nil && string(code) != k.code {
		err = token.ErrAccessCode
	}
	return err
}

func (k *stick) accessKey() string { return fmt.Sprintf("%16.16s", k.code+k.applet) }

// use has a credential compute.
func (r *rack) use(ctx context.Context, ref token.Ref, name string, person token.Person, f func(*credential)) (token.Token, error) {
	found, err := r.find(ctx, ref, false, person)
	if err != nil {
		return token.Token{}, err
	}
	k := found[0]
	if err := r.open(ctx, k, ref, person); err != nil {
		return token.Token{}, err
	}
	r.mu.Lock()
	c := k.credentials[name]
	r.mu.Unlock()
	if c == nil {
		return token.Token{}, fmt.Errorf("using credential %q of %s: %w", name, k.token(), token.ErrNoCredential)
	}
	r.touch(ctx, k, c.touch, person)
	f(c)
	return k.token(), nil
}

func (r *rack) touch(ctx context.Context, k *stick, wanted bool, person token.Person) {
	if !wanted {
		return
	}
	defer r.await(ctx, person, token.Waiting{For: token.AwaitTouch, Token: k.token()})()
	r.mu.Lock()
	k.touches++
	touched := r.touched
	r.mu.Unlock()
	if touched != nil {
		touched()
	}
}

func (r *rack) List(_ context.Context, p token.ListParams) (token.Listing, error) {
	if err := r.begin(token.MethodList, nil); err != nil {
		return token.Listing{}, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !p.Brief {
		r.whole++
	}
	list := token.Listing{Tokens: slices.Clone(r.lists.Tokens), Faults: r.lists.Faults}
	for _, k := range r.tokens {
		if k.away {
			continue
		}
		t := k.token()
		t.OATH = &token.OATH{ID: k.applet, Protected: k.code != "", Locked: k.code != "" && string(p.Access[k.applet]) != k.accessKey()}
		for name, c := range k.credentials {
			if !t.OATH.Locked {
				t.OATH.Credentials = append(t.OATH.Credentials, token.OATHCredential{Name: name, Type: "totp", Algorithm: c.algorithm, Touch: c.touch})
			}
		}
		t.PIV = &token.PIV{Version: "5.4.3", Retries: k.retries}
		if k.key != nil && !k.fido2 {
			t.PIV.Keys = []token.PIVKey{{Slot: "82"}}
		}
		if k.fido2 {
			t.FIDO2 = &token.FIDO2{AAGUID: "2fc0579f811347eab116bb5a8db9202a", HMACSecret: true, Retries: token.Unknown}
		}
		list.Tokens = append(list.Tokens, t)
	}
	return list, nil
}

func (r *rack) Look(ctx context.Context, _ token.Person) (token.Listing, error) {
	return r.List(ctx, token.ListParams{Brief: true})
}

func (r *rack) OATHCode(ctx context.Context, p token.OATHCodeParams, person token.Person) (token.OATHCode, error) {
	if err := r.begin(token.MethodOATHCode, nil); err != nil {
		return token.OATHCode{}, err
	}
	var digits string
	t, err := r.use(ctx, p.Ref, p.Name, person, func(c *credential) { digits = c.code(p.Challenge) })
	return token.OATHCode{Digits: digits, Token: t}, err
}

func (r *rack) OATHDay(ctx context.Context, p token.OATHDayParams, person token.Person) (token.OATHDay, error) {
	if err := r.begin(token.MethodOATHDay, nil); err != nil {
		return token.OATHDay{}, err
	}
	var key []byte
	t, err := r.use(ctx, p.Ref, p.Name, person, func(c *credential) { key = c.mac([]byte(p.Day)) })
	if err == nil {
		r.mu.Lock()
		r.secrets = append(r.secrets, key)
		r.mu.Unlock()
	}
	return token.OATHDay{Key: key, Token: t}, err
}

func (r *rack) OATHPut(ctx context.Context, p token.OATHPutParams, person token.Person) (token.Placed, error) {
	if err := r.begin(token.MethodOATHPut, p.Key); err != nil {
		return token.Placed{}, err
	}
	if p.Name == "" || len(p.Name) > 64 || hashes[p.Algorithm] == nil || p.Digits < 6 || p.Digits > 8 || len(p.Key) == 0 {
		r.t.Errorf("put %q, %s, %d digits", p.Name, p.Algorithm, p.Digits)
	}
	found, err := r.find(ctx, p.Ref, true, person)
	if err != nil {
		return token.Placed{}, err
	}
	var placed token.Placed
	for _, k := range found {
		if err := r.open(ctx, k, p.Ref, person); err != nil {
			return token.Placed{}, err
		}
		switch c := k.credentials[p.Name]; {
		case c != nil && !bytes.Equal(c.key, p.Key):
			return token.Placed{}, token.ErrExists
		case c != nil && c.touch != p.Touch:
			return token.Placed{}, token.ErrInvalid
		case c != nil:
			placed.Found = true
		case k.full:
			return token.Placed{}, token.ErrFull
		}
	}
	for _, k := range found {
		r.mu.Lock()
		k.credentials[p.Name] = &credential{name: p.Name, algorithm: p.Algorithm, digits: p.Digits, key: slices.Clone(p.Key), touch: p.Touch}
		r.mu.Unlock()
		r.touch(ctx, k, p.Touch, person) // it proves what it has
		placed.Tokens = append(placed.Tokens, k.token())
	}
	return placed, nil
}

var hashes = map[string]func() hash.Hash{"SHA1": sha1.New, "SHA256": sha256.New, "SHA512": sha512.New}

func (c *credential) mac(challenge []byte) []byte {
	h := hmac.New(hashes[c.algorithm], c.key)
	h.Write(challenge)
	return h.Sum(nil)
}

// code is the code of a step (RFC 4226, 5.3).
func (c *credential) code(step uint64) string {
	sum := c.mac(binary.BigEndian.AppendUint64(nil, step))
	number := uint64(binary.BigEndian.Uint32(sum[sum[len(sum)-1]&15:]) & 0x7fffffff)
	modulus := uint64(1)
	for range c.digits {
		modulus *= 10
	}
	return fmt.Sprintf("%0*d", c.digits, number%modulus)
}

func (r *rack) OATHDelete(ctx context.Context, p token.OATHDeleteParams, person token.Person) (token.Placed, error) {
	if err := r.begin(token.MethodOATHDelete, nil); err != nil {
		return token.Placed{}, err
	}
	found, err := r.find(ctx, p.Ref, false, person)
	if err != nil {
		return token.Placed{}, err
	}
	if err := r.open(ctx, found[0], p.Ref, person); err != nil {
		return token.Placed{}, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if found[0].credentials[p.Name] == nil {
		return token.Placed{}, token.ErrNoCredential
	}
	delete(found[0].credentials, p.Name)
	return token.Placed{Tokens: []token.Token{found[0].token()}}, nil
}

func (r *rack) OATHAccess(ctx context.Context, p token.OATHAccessParams, person token.Person) (token.OATHAccess, error) {
	return r.access(ctx, token.MethodOATHAccess, p.Ref, person, func(*stick) {})
}

func (r *rack) OATHProtect(ctx context.Context, p token.OATHProtectParams, person token.Person) (token.OATHAccess, error) {
	r.mu.Lock()
	r.secrets = append(r.secrets, p.New)
	r.mu.Unlock()
	return r.access(ctx, token.MethodOATHProtect, p.Ref, person, func(k *stick) { k.code = string(p.New) })
}

func (r *rack) access(ctx context.Context, method string, ref token.Ref, person token.Person, f func(*stick)) (token.OATHAccess, error) {
	if err := r.begin(method, nil); err != nil {
		return token.OATHAccess{}, err
	}
	found, err := r.find(ctx, ref, false, person)
	if err != nil {
		return token.OATHAccess{}, err
	}
	k := found[0]
	if err := r.open(ctx, k, ref, person); err != nil {
		return token.OATHAccess{}, err
	}
	f(k)
	got := token.OATHAccess{ID: k.applet, Token: k.token()}
	if k.code != "" {
		got.Key = []byte(k.accessKey())
		r.mu.Lock()
		r.secrets = append(r.secrets, got.Key)
		r.mu.Unlock()
	}
	return got, nil
}
