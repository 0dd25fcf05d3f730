//go:build unix

package serve_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"filippo.io/age"
	"filippo.io/age/plugin"

	"github.com/mfad/mfad/token"
	"github.com/mfad/mfad/token/serve"
)

// This file is a kind of key that nobody has heard of, and all that such a kind
// takes. Badges hang in a folder, a file each, whose name is the badge's number
// and whose content is its key. A badge is taken away by removing its file.
type (
	badgeKind   struct{}
	badgeDriver struct{ folder string }
)

var (
	_ token.Kind   = badgeKind{}
	_ serve.Driver = badgeDriver{}
)

// badgeByte begins the identities, before the number.
const badgeByte = 0xb4

func (badgeKind) Name() string  { return "badge" }
func (badgeKind) Title() string { return "badge" }

func (badgeKind) Recognize(plugin string, data []byte) (serial string, ok bool) {
	if plugin != token.PluginName || len(data) < 2 || data[0] != badgeByte {
		return "", false
	}
	return string(data[1:]), true
}

func (badgeKind) Lanes(serial string) []string { return []string{"badge " + serial} }

func (badgeKind) Check(p token.KeyParams) error {
	if p.Token == "" || p.PIN != "" {
		return errors.New("a badge has a number, and no PIN")
	}
	return nil
}

func (badgeKind) Facts(_ token.KeyParams, made token.NewKey) map[string]string {
	return map[string]string{"number": made.Token.Serial}
}

// Guarded: a badge hangs in its folder for everybody.
func (badgeKind) Guarded(map[string]string) bool { return false }

func (badgeKind) MayOpen(t token.Token, facts map[string]string) bool {
	return t.Model == "badge" && t.Serial == facts["number"]
}

func (k badgeKind) Keeps(t token.Token, facts map[string]string) (remark string, ok bool) {
	return ", at the door", k.MayOpen(t, facts)
}

func (badgeDriver) Kind() token.Kind { return badgeKind{} }

func (d badgeDriver) list(context.Context, token.ListParams, func()) (r token.Listing) {
	entries, err := os.ReadDir(d.folder)
	if err != nil {
		r.Faults = append(r.Faults, err.Error())
	}
	for _, e := range entries {
		r.Tokens = append(r.Tokens, d.badge(e.Name()))
	}
	return r
}

func (d badgeDriver) badge(number string) token.Token {
	return token.Token{Model: "badge", Serial: number, Place: filepath.Join(d.folder, number)}
}

func (d badgeDriver) MakeKey(_ context.Context, p token.KeyParams, _ token.Person) (token.NewKey, error) {
	key, err := age.GenerateX25519Identity()
	if err != nil {
		return token.NewKey{}, err
	}
	t := d.badge(p.Token)
	return token.NewKey{
		Identity: plugin.EncodeIdentity(token.PluginName, append([]byte{badgeByte}, t.Serial...)), Token: t,
	}, os.WriteFile(t.Place, []byte(key.String()), 0o600)
}

// key is the key of the badge that an identity points to.
func (d badgeDriver) key(identity string) (token.Token, *age.X25519Identity, error) {
	_, number, err := token.Kinds{badgeKind{}}.Parse(identity)
	if err != nil {
		return token.Token{}, nil, err
	}
	t := d.badge(number)
	text, err := os.ReadFile(t.Place)
	if err != nil {
		return t, nil, token.ErrNotPresent
	}
	key, err := age.ParseX25519Identity(strings.TrimSpace(string(text)))
	return t, key, err
}

func (d badgeDriver) Wrap(_ context.Context, p token.WrapParams, _ token.Person) (r token.WrapResult, err error) {
	_, key, err := d.key(p.Identity)
	if err != nil {
		return r, err
	}
	stanzas, err := key.Recipient().Wrap(p.FileKey)
	return token.WrapResult{Stanzas: token.Stanzas(stanzas)}, err
}

func (d badgeDriver) Unwrap(ctx context.Context, p token.UnwrapParams, person token.Person) (r token.UnwrapResult, err error) {
	t, key, err := d.key(p.Identity)
	if err != nil {
		return r, err
	}
	defer person.Await(ctx, token.Waiting{For: token.AwaitTouch, Token: t})()
	fileKey, err := key.Unwrap(token.AgeStanzas(p.Stanzas))
	return token.UnwrapResult{FileKey: bytes.Clone(fileKey), Token: t}, err
}

// Watch looks again and again.
func (d badgeDriver) Watch(ctx context.Context, p token.WatchParams) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, err := os.Stat(p.Place); err != nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}
