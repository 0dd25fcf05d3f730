package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/mfad/mfad/agent/peer"
	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/credproc/awstest"
	"github.com/mfad/mfad/credproc/config"
	"github.com/mfad/mfad/credproc/sts"
	"github.com/mfad/mfad/keystore"
	"github.com/mfad/mfad/keystore/keychain"
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
		Home: b.home, Keychain: b.keychain, Now: b.clock.now, Environ: noEnvironment,
		Config: config.NewReader(config.Paths{
			Mfad: b.profiles, Config: filepath.Join(dir, "config"), Credentials: filepath.Join(dir, "credentials"),
		}, noEnvironment),
		Dialer: &sts.Dialer{Now: b.clock.now},
		Stop:   func() { close(b.stopped) },
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
		if _, ok := errors.AsType[*wire.Error](err); !ok {
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
func (b *bench) refused(t testing.TB, p *person, want *wire.Error, method string, params any) string {
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
	return text
}

// person answers prompts at the other end of a connection; a nil answer means
// that there is no terminal for the question. It keeps what was asked.
type person struct {
	secret  func(p wire.PromptSecretParams) (answer string, dismissed bool)
	code    func(p wire.PromptCodeParams) (answer string, dismissed bool)
	confirm func(question string) bool

	mu      sync.Mutex
	asked   []string
	notices []string
	left    bool // withdrawn prompts
}

var (
	nobody      = &person{}
	_      Conn = nobody
)

// knows answers every question for a secret with text.
func knows(text string) *person {
	return &person{secret: func(wire.PromptSecretParams) (string, bool) { return text, false }}
}

func (p *person) present() bool { return p.secret != nil || p.code != nil || p.confirm != nil }

// asker is the person as the service asks them.
func (p *person) asker() *asker { return &asker{p, p.present()} }

func (p *person) Peer() peer.Peer { return peer.Peer{PID: os.Getpid()} }

func (p *person) Claim() (peer.Claim, error) {
	return peer.Claim{PID: os.Getpid(), Command: []string{"aws", "--hush", "hush"}, Parents: []string{"make", "zsh"}}, nil
}

func (p *person) Call(_ context.Context, method string, params, result any) error {
	switch answer := result.(type) {
	case *wire.PromptSecretResult:
		q := params.(wire.PromptSecretParams)
		p.note("secret: " + q.What + " | " + q.Again)
		if p.secret == nil {
			return wire.ErrNoPrompt
		}
		text, dismissed := p.secret(q)
		*answer = wire.PromptSecretResult{Secret: []byte(text), Dismissed: dismissed}
	case *wire.PromptCodeResult:
		q := params.(wire.PromptCodeParams)
		p.note(fmt.Sprintf("code: %s %s %s %s | %s", q.Profile, q.RoleARN, q.Account, q.Serial, q.Again))
		if p.code == nil {
			return wire.ErrNoPrompt
		}
		answer.Code, answer.Dismissed = p.code(q)
	case *wire.PromptConfirmResult:
		q := params.(wire.PromptConfirmParams)
		p.note("confirm: " + q.Question)
		if p.confirm == nil {
			return wire.ErrNoPrompt
		}
		answer.Yes = p.confirm(q.Question)
	default:
		return fmt.Errorf("no such prompt: %s", method)
	}
	return nil
}

func (p *person) Notify(_ context.Context, method string, params any) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch method {
	case wire.MethodPromptNotice:
		p.notices = append(p.notices, params.(wire.PromptNoticeParams).Text)
	case wire.MethodPromptCancel:
		p.left = true
	}
	return nil
}

func (p *person) note(question string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = append(p.asked, question)
}

func (p *person) questions() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.asked...)
}

// drawer is a keychain in memory; the zero drawer is none.
type drawer struct {
	mu      sync.Mutex
	open    bool
	entries map[string]string
}

func (d *drawer) Available(context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.open {
		return keychain.ErrNone
	}
	return nil
}

func (d *drawer) Get(ctx context.Context, account string) ([]byte, error) {
	if err := d.Available(ctx); err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	text, found := d.entries[account]
	if !found {
		return nil, keychain.ErrNotFound
	}
	return []byte(text), nil
}

func (d *drawer) Set(ctx context.Context, account string, secret []byte) error {
	if err := d.Available(ctx); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.entries == nil {
		d.entries = make(map[string]string)
	}
	d.entries[account] = string(secret)
	return nil
}

func (d *drawer) Delete(ctx context.Context, account string) error {
	if err := d.Available(ctx); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.entries, account)
	return nil
}

func (d *drawer) accounts() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var names []string
	for name := range maps.Keys(d.entries) {
		names = append(names, name)
	}
	return names
}

// cloud is a stand-in AWS with one user, who has a key and a device.
type cloud struct {
	*awstest.Server
	url    string
	user   *awstest.User
	key    awstest.Key
	device awstest.Device
}

func (b *bench) newCloud(t testing.TB) *cloud {
	t.Helper()
	c := &cloud{Server: awstest.New(awstest.Options{Now: b.clock.now})}
	web := httptest.NewServer(c.Server)
	t.Cleanup(web.Close)
	c.url, c.user = web.URL, c.AddUser("alice")
	var err error
	if c.key, err = c.user.AddKey(); err != nil {
		t.Fatal(err)
	}
	if c.device, err = c.user.AddDevice("phone"); err != nil {
		t.Fatal(err)
	}
	return c
}

// role adds a role that the user may assume with MFA.
func (c *cloud) role(t testing.TB, name string) string {
	t.Helper()
	arn, err := c.AddRole(awstest.Role{Name: name, Trust: awstest.Trust{Principals: []string{c.user.ARN}, MFA: true}})
	if err != nil {
		t.Fatal(err)
	}
	return arn
}

// write replaces mfad's profiles file.
func (b *bench) write(t testing.TB, text string) {
	t.Helper()
	if err := os.WriteFile(b.profiles, []byte(text), 0o600); err != nil {
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
