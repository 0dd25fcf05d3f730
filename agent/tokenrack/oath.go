package tokenrack

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

	"github.com/mfad/mfad/token"
)

// open opens the OATH applet of a token.
func (r *Rack) open(ctx context.Context, k *Stick, ref token.Ref, person token.Person) error {
	if k.Code == "" || string(ref.Access[k.Applet]) == k.accessKey() {
		return nil
	}
	code, err := token.AskSecret(ctx, person, token.Want{What: token.AccessCode, Token: k.Token(), Retries: token.Unknown})
	defer clear(code)
	if err == nil && string(code) != k.Code {
		err = token.ErrAccessCode
	}
	return err
}

func (k *Stick) accessKey() string { return fmt.Sprintf("%16.16s", k.Code+k.Applet) }

// caller is who calls, and for which tokens.
type caller struct {
	ref    token.Ref
	person token.Person
}

// use has a credential compute.
func (r *Rack) use(ctx context.Context, by caller, name string, f func(*Credential)) (token.Token, error) {
	found, err := r.find(ctx, by.ref, false, by.person)
	if err != nil {
		return token.Token{}, err
	}
	k := found[0]
	if err := r.open(ctx, k, by.ref, by.person); err != nil {
		return token.Token{}, err
	}
	r.mu.Lock()
	c := k.Credentials[name]
	r.mu.Unlock()
	if c == nil {
		return token.Token{}, fmt.Errorf("using credential %q of %s: %w", name, k.Token(), token.ErrNoCredential)
	}
	r.touch(ctx, k, c.Touch, by.person)
	f(c)
	return k.Token(), nil
}

// OATHCode has the contract of [token.Helper.OATHCode].
func (r *Rack) OATHCode(ctx context.Context, p token.OATHCodeParams, person token.Person) (token.OATHCode, error) {
	if err := r.begin(token.MethodOATHCode, nil); err != nil {
		return token.OATHCode{}, err
	}
	var digits string
	t, err := r.use(ctx, caller{p.Ref, person}, p.Name, func(c *Credential) { digits = c.compute(p.Challenge) })
	return token.OATHCode{Digits: digits, Token: t}, err
}

// OATHDay has the contract of [token.Helper.OATHDay].
func (r *Rack) OATHDay(ctx context.Context, p token.OATHDayParams, person token.Person) (token.OATHDay, error) {
	if err := r.begin(token.MethodOATHDay, nil); err != nil {
		return token.OATHDay{}, err
	}
	var key []byte
	t, err := r.use(ctx, caller{p.Ref, person}, p.Name, func(c *Credential) { key = c.mac([]byte(p.Day)) })
	if err == nil {
		r.mu.Lock()
		r.secrets = append(r.secrets, key)
		r.mu.Unlock()
	}
	return token.OATHDay{Key: key, Token: t}, err
}

// OATHPut has the contract of [token.Helper.OATHPut].
func (r *Rack) OATHPut(ctx context.Context, p token.OATHPutParams, person token.Person) (token.Placed, error) {
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
		switch c := k.Credentials[p.Name]; {
		case c != nil && !bytes.Equal(c.Key, p.Key):
			return token.Placed{}, token.ErrExists
		case c != nil && c.Touch != p.Touch:
			return token.Placed{}, token.ErrInvalid
		case c != nil:
			placed.Found = true
		case k.Full:
			return token.Placed{}, token.ErrFull
		}
	}
	for _, k := range found {
		r.mu.Lock()
		k.Credentials[p.Name] = &Credential{Name: p.Name, Algorithm: p.Algorithm, Digits: p.Digits, Key: slices.Clone(p.Key), Touch: p.Touch}
		r.mu.Unlock()
		r.touch(ctx, k, p.Touch, person) // it proves what it has
		placed.Tokens = append(placed.Tokens, k.Token())
	}
	return placed, nil
}

var hashes = map[string]func() hash.Hash{"SHA1": sha1.New, "SHA256": sha256.New, "SHA512": sha512.New}

func (c *Credential) mac(challenge []byte) []byte {
	h := hmac.New(hashes[c.Algorithm], c.Key)
	h.Write(challenge)
	return h.Sum(nil)
}

// compute is the code of a step (RFC 4226, 5.3).
func (c *Credential) compute(step uint64) string {
	sum := c.mac(binary.BigEndian.AppendUint64(nil, step))
	number := uint64(binary.BigEndian.Uint32(sum[sum[len(sum)-1]&15:]) & 0x7fffffff)
	modulus := uint64(1)
	for range c.Digits {
		modulus *= 10
	}
	return fmt.Sprintf("%0*d", c.Digits, number%modulus)
}

// OATHDelete has the contract of [token.Helper.OATHDelete].
func (r *Rack) OATHDelete(ctx context.Context, p token.OATHDeleteParams, person token.Person) (token.Placed, error) {
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
	if found[0].Credentials[p.Name] == nil {
		return token.Placed{}, token.ErrNoCredential
	}
	delete(found[0].Credentials, p.Name)
	return token.Placed{Tokens: []token.Token{found[0].Token()}}, nil
}

// OATHAccess has the contract of [token.Helper.OATHAccess].
func (r *Rack) OATHAccess(ctx context.Context, p token.OATHAccessParams, person token.Person) (token.OATHAccess, error) {
	return r.access(ctx, token.MethodOATHAccess, caller{p.Ref, person}, func(*Stick) {})
}

// OATHProtect has the contract of [token.Helper.OATHProtect].
func (r *Rack) OATHProtect(ctx context.Context, p token.OATHProtectParams, person token.Person) (token.OATHAccess, error) {
	r.mu.Lock()
	r.secrets = append(r.secrets, p.New)
	r.mu.Unlock()
	return r.access(ctx, token.MethodOATHProtect, caller{p.Ref, person}, func(k *Stick) { k.Code = string(p.New) })
}

func (r *Rack) access(ctx context.Context, method string, by caller, f func(*Stick)) (token.OATHAccess, error) {
	if err := r.begin(method, nil); err != nil {
		return token.OATHAccess{}, err
	}
	found, err := r.find(ctx, by.ref, false, by.person)
	if err != nil {
		return token.OATHAccess{}, err
	}
	k := found[0]
	if err := r.open(ctx, k, by.ref, by.person); err != nil {
		return token.OATHAccess{}, err
	}
	f(k)
	got := token.OATHAccess{ID: k.Applet, Token: k.Token()}
	if k.Code != "" {
		got.Key = []byte(k.accessKey())
		r.mu.Lock()
		r.secrets = append(r.secrets, got.Key)
		r.mu.Unlock()
	}
	return got, nil
}
