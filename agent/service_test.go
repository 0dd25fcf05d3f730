package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/mfad/mfad/agent/ask"
	"github.com/mfad/mfad/agent/tokenrack"
	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/credproc/config"
	"github.com/mfad/mfad/credproc/sts"
	"github.com/mfad/mfad/internal/durable"
	"github.com/mfad/mfad/internal/errcode"
	"github.com/mfad/mfad/internal/human"
	"github.com/mfad/mfad/internal/sealed"
	"github.com/mfad/mfad/keystore"
)

// seed is that of RFC 6238, appendix B.
const seed = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"

const passphrase = "correct horse battery staple"

// clock is a wall clock that tests can move.
type clock struct {
	mu    sync.Mutex
	ahead time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}

// bench is a service with everything real but the desktop's keychain, the
// person, and AWS.
type bench struct {
	*Service
	home     Home
	clock    *clock
	keychain *drawer
	stopped  chan struct{}
	profiles string // mfad's file
	fs       durable.FS
	boot     func() time.Duration // nil: nothing tells when the wall clock was set
	slept    atomic.Int64         // time that was not waited for, but has passed
	timeAt   string               // where AWS is asked for the time before a profile was used; else nowhere
	rack     *tokenrack.Rack
	tokens   Tokens // the rack, unless a test has something else
	desk     *desk
}

// desk is the agent's own desktop, before which the owner sits who wanted what a
// test does, and allows it.
type desk struct {
	mu    sync.Mutex
	left  bool // nobody sits there
	asked []string

	during func() // a question is open; nil: nothing
}

// Settle needs no time: nobody clicks here.
func (d *desk) Settle() time.Duration { return 0 }

func (d *desk) Ask(_ context.Context, q human.Question) (human.Answer, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.left {
		return human.Answer{}, errors.New("there is no display")
	}
	d.asked = append(d.asked, string(q.Kind)+": "+q.What+" | "+q.Uses)
	if act := d.during; act != nil {
		d.mu.Unlock()
		act()
		d.mu.Lock()
	}
	return human.Answer{Yes: true}, nil
}

// sit says whether somebody sits there.
func (d *desk) sit(there bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.left = !there
}

// asker is a person as the service asks them, or the agent itself.
func (b *bench) asker(p *person) *ask.Chain {
	return ask.New(p, ask.Options{TTY: p.present(), Own: b.own})
}

// newBench starts a service without a vault. Close is the test's end.
func newBench(t testing.TB) *bench {
	t.Helper()
	dir := t.TempDir()
	b := &bench{
		home:     Home{Vault: filepath.Join(dir, "vault"), State: filepath.Join(dir, "state")},
		clock:    &clock{},
		keychain: &drawer{},
		stopped:  make(chan struct{}),
		profiles: filepath.Join(dir, "profiles"),
	}
	b.desk = new(desk)
	b.rack = tokenrack.New(t)
	b.tokens = b.rack
	b.start(t)
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

// start makes the service; again, as a restart of the agent does.
func (b *bench) start(t testing.TB) {
	t.Helper()
	noEnvironment := func(string) string { return "" }
	dir := filepath.Dir(b.profiles)
	service, err := New(Options{
		Home: b.home, Keychain: b.keychain, Tokens: b.tokens, Now: b.clock.now, Environ: noEnvironment,
		Config: config.NewReader(config.Paths{
			Mfad: b.profiles, Config: filepath.Join(dir, "config"), Credentials: filepath.Join(dir, "credentials"),
		}, noEnvironment),
		Dialer: &sts.Dialer{Now: b.clock.now}, Own: b.desk,
		Stop: func() { close(b.stopped) },
		FS:   b.fs,
		Boot: b.boot, BootID: "this one",
		TimeAt: func(string) (config.Endpoint, error) {
			if b.timeAt == "" {
				return config.Endpoint{}, errors.New("there is no network")
			}
			return config.Endpoint{Region: config.Value{Text: "eu-west-1"}, URL: config.Value{Text: b.timeAt}}, nil
		},
		Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	b.Service = service
}

func (b *bench) restart(t testing.TB) {
	t.Helper()
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	b.start(t)
}

// withTokens plugs tokens with these serials in.
func (b *bench) withTokens(t testing.TB, serials ...string) *tokenrack.Rack {
	t.Helper()
	b.rack.Plug(serials...)
	t.Cleanup(b.rack.Check)
	return b.rack
}

// withVault makes a vault with a cheap passphrase slot and a recovery slot,
// without the service, and returns the recovery key.
func (b *bench) withVault(t testing.TB) (recovery string) {
	t.Helper()
	cheap, err := age.NewScryptRecipient(passphrase)
	if err != nil {
		t.Fatal(err)
	}
	cheap.SetWorkFactor(10)
	recipient, text, err := keystore.NewRecovery()
	if err != nil {
		t.Fatal(err)
	}
	defer text.Destroy()
	v, err := keystore.Create(b.home.Vault, []keystore.SlotSpec{
		{Kind: keystore.SlotPassphrase, Recipient: cheap},
		{Kind: keystore.SlotRecovery, Recipient: recipient},
	}, keystore.Options{HighWater: b.home.highWater()})
	if err != nil {
		t.Fatal(err)
	}
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
	return string(text.Bytes())
}

// call makes a call as a client does, through JSON.
func (b *bench) call(t testing.TB, p *person, method string, params, result any) error {
	t.Helper()
	return b.callContext(t.Context(), t, p, method, params, result)
}

func (b *bench) callContext(ctx context.Context, t testing.TB, p *person, method string, params, result any) error {
	t.Helper()
	var raw json.RawMessage
	switch params := params.(type) {
	case nil:
	case json.RawMessage:
		raw = params // as it is, even if it is not JSON
	default:
		raw = marshal(t, params)
	}
	answer, err := b.serve(ctx, p, wire.Call{V: wire.Protocol, TTY: p.present(), Params: raw}, method)
	if err != nil {
		if _, ok := errors.AsType[*errcode.Error](err); !ok {
			t.Errorf("%s: the error %v has no code", method, err)
		}
		return err
	}
	if result == nil {
		return nil
	}
	if err := json.Unmarshal(marshal(t, answer), result); err != nil {
		t.Errorf("%s: the answer is not a %T: %v", method, result, err)
	}
	return nil
}

// must is call that has to succeed.
func (b *bench) must(t testing.TB, p *person, method string, params, result any) {
	t.Helper()
	if err := b.call(t, p, method, params, result); err != nil {
		t.Fatalf("%s: %v", method, err)
	}
}

// refused is call that has to fail with a code; it returns the message.
func (b *bench) refused(t testing.TB, p *person, want errcode.Code, method string, params any) string {
	t.Helper()
	err := b.call(t, p, method, params, nil)
	if !errors.Is(err, want) {
		t.Fatalf("%s: got %v, want the code of %q", method, err, want)
	}
	return err.Error()
}

func marshal(t testing.TB, v any) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return sealed.Fill(text)
}

// write replaces mfad's profiles file.
func (b *bench) write(t testing.TB, text string) {
	t.Helper()
	if err := os.WriteFile(b.profiles, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// damageText writes another text of the same length into the vault's manifest.
func damageText(t testing.TB, dir, old, now string) {
	t.Helper()
	path := filepath.Join(dir, "vault.json")
	data, err := os.ReadFile(path)
	if err != nil || !bytes.Contains(data, []byte(old)) {
		t.Fatalf("%s does not hold %q, or %v", path, old, err)
	}
	if err := os.WriteFile(path, bytes.ReplaceAll(data, []byte(old), []byte(now)), 0o600); err != nil {
		t.Fatal(err)
	}
}

// damage flips a bit of a file of the vault.
func damage(t testing.TB, dir, name string) {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(name))
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)/2] ^= 1
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}
