//go:build unix

package serve_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/mfad/mfad/agent"
	"github.com/mfad/mfad/agent/client"
	"github.com/mfad/mfad/agent/server"
	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/credproc/config"
	"github.com/mfad/mfad/internal/errcode"
	"github.com/mfad/mfad/internal/human"
	"github.com/mfad/mfad/internal/proctest"
	"github.com/mfad/mfad/keystore"
	"github.com/mfad/mfad/token"
	"github.com/mfad/mfad/token/serve"
)

// folderVariable makes the test binary a mfad-token whose badges hang there.
const folderVariable = "MFAD_TEST_BADGES"

func TestMain(m *testing.M) {
	folder := os.Getenv(folderVariable)
	if folder == "" {
		os.Exit(m.Run())
	}
	d := badgeDriver{folder}
	s := &serve.Service{Drivers: serve.Drivers{d}, Lists: []serve.List{d.list}}
	s.Serve(context.Background(), os.Stdin, os.Stdout)
}

// person is who has the recovery key, or does not, and reads what is shown.
type person struct {
	recovery []byte

	mu    sync.Mutex
	shown []string
}

var _ human.Prompter = (*person)(nil)

func (p *person) Ask(_ context.Context, q human.Question) (human.Answer, error) {
	if q.Kind != human.Secret || p.recovery == nil {
		return human.Answer{}, human.ErrDismissed
	}
	return human.Answer{Text: slices.Clone(p.recovery)}, nil
}

func (p *person) Notice(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.shown = append(p.shown, text)
}

// house is an agent whose tokens are badges, with a vault that a recovery key
// opens.
type house struct {
	socket, badges string
	recovery       []byte
	locked         chan struct{} // gets a word when the agent locks the vault by itself
}

func newHouse(t *testing.T) *house {
	t.Helper()
	dir := proctest.Folder(t)
	h := &house{socket: filepath.Join(dir, "socket"), badges: filepath.Join(dir, "badges"), locked: make(chan struct{}, 1)}
	if err := os.Mkdir(h.badges, 0o700); err != nil {
		t.Fatal(err)
	}
	home := agent.Home{Vault: filepath.Join(dir, "vault"), State: filepath.Join(dir, "state")}
	h.recovery = newVault(t, home.Vault)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	noEnvironment := func(string) string { return "" }
	service, err := agent.New(agent.Options{
		Home: home, Environ: noEnvironment, Config: config.NewReader(config.Paths{}, noEnvironment),
		Tokens: &token.Helper{
			Program: self, Env: []string{folderVariable + "=" + h.badges, "GORACE=atexit_sleep_ms=0"}, Kinds: token.Kinds{badgeKind{}},
		},
		Logger: slog.New(slog.NewTextHandler(h, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	h.serve(t, service)
	return h
}

// newVault makes a vault and returns its recovery key.
func newVault(t *testing.T, dir string) []byte {
	t.Helper()
	recipient, text, err := keystore.NewRecovery()
	if err != nil {
		t.Fatal(err)
	}
	defer text.Destroy()
	v, err := keystore.Create(dir, []keystore.SlotSpec{{Kind: keystore.SlotRecovery, Recipient: recipient}}, keystore.Options{OneWayIn: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
	return slices.Clone(text.Bytes())
}

// Write takes the agent's log.
func (h *house) Write(line []byte) (int, error) {
	if strings.Contains(string(line), "vault was locked: the token") {
		h.locked <- struct{}{}
	}
	return len(line), nil
}

// serve has the agent answer on the socket until the test's end.
func (h *house) serve(t *testing.T, service *agent.Service) {
	t.Helper()
	listener, err := server.Listen(h.socket)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- server.Serve(ctx, listener, service.Handle, server.Options{}) }()
	t.Cleanup(func() {
		stop()
		if err := errors.Join(<-ended, listener.Release(), service.Close()); err != nil {
			t.Error(err)
		}
	})
}

// must has the agent answer a call of a person.
func (h *house) must(t *testing.T, p *person, method string, params, result any) {
	t.Helper()
	if err := h.call(t, p, method, params, result); err != nil {
		t.Fatalf("%s: %v", method, err)
	}
}

func (h *house) call(t *testing.T, p *person, method string, params, result any) error {
	t.Helper()
	c, err := client.Dial(t.Context(), client.Options{Socket: h.socket, NoStart: true, Prompter: p})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	return c.Call(t.Context(), method, params, result)
}

// A vault opens with a made-up kind of key, through the real agent and helper:
// all that it takes stands in kind_test.go.
func TestVaultOpensWithAMadeUpKindOfKey(t *testing.T) {
	h := newHouse(t)
	owner, holder := &person{recovery: h.recovery}, new(person)
	if err := h.call(t, owner, wire.MethodSlotAdd, wire.SlotAddParams{Kind: "badge"}, nil); !errors.Is(err, errcode.BadRequest) ||
		!strings.Contains(err.Error(), "a badge has a number, and no PIN") {
		t.Errorf("without a number: %v", err)
	}
	var added wire.SlotAddResult
	h.must(t, owner, wire.MethodSlotAdd, wire.SlotAddParams{Kind: "badge", Token: "7"}, &added)
	if added.Slot.Kind != "badge" || added.Slot.Token != "badge (serial 7)" {
		t.Errorf("added %+v", added.Slot)
	}
	h.must(t, owner, wire.MethodVaultLock, nil, nil)

	var shown wire.Vault
	h.must(t, holder, wire.MethodVaultUnlock, wire.VaultUnlockParams{}, &shown)
	if shown.Locked || !slices.Contains(holder.shown, "touch badge (serial 7) to unlock the vault") {
		t.Errorf("shown %+v, told %q", shown, holder.shown)
	}
	var list wire.TokenListResult
	h.must(t, holder, wire.MethodTokenList, nil, &list)
	want := "slot " + added.Slot.ID + " opens the vault, at the door"
	if len(list.Tokens) != 1 || !slices.Equal(list.Tokens[0].Keeps, []string{want}) {
		t.Errorf("listed %+v", list)
	}

	if err := os.Remove(filepath.Join(h.badges, "7")); err != nil {
		t.Fatal(err)
	}
	<-h.locked
	err := h.call(t, holder, wire.MethodVaultUnlock, wire.VaultUnlockParams{Slot: "badge"}, nil)
	if !errors.Is(err, errcode.NoToken) {
		t.Errorf("without the badge: %v", err)
	}
}
