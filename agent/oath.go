package agent

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/mfad/mfad/agent/tokenperson"
	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/keystore"
	"github.com/mfad/mfad/token"
)

// The facts of an item whose secret OATH applets keep, beside those that the
// item has in the vault.
const (
	tokensFact     = "tokens"     // serial numbers, or IDs of applets, parted by blanks
	credentialFact = "credential" // its name on the tokens
	touchFact      = "touch"      // yes: each use takes a touch
	modelFact      = "token"      // a token in words
)

const yes = "yes"

func tokensOf(item keystore.Item) []string { return strings.Fields(item.Facts[tokensFact]) }
func touches(item keystore.Item) bool      { return item.Facts[touchFact] == yes }

func onToken(item keystore.Item) bool {
	return item.Kind == keystore.KindOATH || item.Kind == keystore.KindOATHKey
}

// withTokens adds what was placed to the facts of an item.
func withTokens(facts map[string]string, p placing, at placed) map[string]string {
	facts[tokensFact], facts[credentialFact] = strings.Join(at.tokens, " "), p.name
	if p.touch {
		facts[touchFact] = yes
	}
	return facts
}

// access are access keys by the ID of the OATH applet. Wipe them.
type access map[string][]byte

func (a access) wipe() {
	for _, key := range a {
		clear(key)
	}
}

// accessItems are the items of the access codes of tokens; of all, if none is
// named.
func accessItems(v *keystore.Vault, tokens []string) []keystore.Item {
	return slices.DeleteFunc(v.Items(), func(i keystore.Item) bool {
		meant := len(tokens) == 0 || slices.Contains(tokens, i.Facts[serialFact]) ||
			slices.ContainsFunc(tokens, func(t string) bool { return strings.EqualFold(t, i.Name) })
		return i.Kind != keystore.KindOATHAccess || !meant
	})
}

// readAccess reads the access keys of tokens, and more items, as one use of the
// vault. The caller destroys the secrets.
func readAccess(v *keystore.Vault, tokens []string, more ...keystore.Item) (access, []*keystore.Secret, error) {
	codes := accessItems(v, tokens)
	var ids []string
	for _, item := range append(more[:len(more):len(more)], codes...) {
		ids = append(ids, item.ID)
	}
	if len(ids) == 0 {
		return nil, nil, nil
	}
	secrets, err := v.ReadAll(ids...)
	if err != nil {
		return nil, nil, err
	}
	known := make(access)
	for i, item := range codes {
		secret := secrets[len(more)+i]
		known[item.Name] = slices.Clone(secret.Bytes())
		secret.Destroy()
	}
	return known, secrets[:len(more)], nil
}

// knownAccess reads the access keys of tokens. Wipe them.
func (s *Service) knownAccess(ctx context.Context, tokens []string, ask credproc.Asker) (known access, err error) {
	err = s.access.Use(ctx, ask, func(v *keystore.Vault) (err error) {
		known, _, err = readAccess(v, tokens)
		return err
	})
	return known, err
}

// follow reads a pointer to a token, and with it the access keys of its tokens.
// The vault is open then, so that the pointer is what mfad wrote and not what
// somebody put into the file. Wipe the keys.
func (s *Service) follow(ctx context.Context, item keystore.Item, ask credproc.Asker) (fresh keystore.Item, known access, err error) {
	err = s.access.Use(ctx, ask, func(v *keystore.Vault) error {
		found := false
		if fresh, found = v.Find(item.Kind, item.Name); !found || fresh.ID != item.ID {
			return fmt.Errorf("%w: %q was changed meanwhile", keystore.ErrNoItem, item.Name)
		}
		var content []*keystore.Secret
		if known, content, err = readAccess(v, tokensOf(fresh), fresh); err != nil {
			return err
		}
		content[0].Destroy() // there is nothing in it
		return nil
	})
	if err != nil {
		return keystore.Item{}, nil, err
	}
	return fresh, known, nil
}

// worthATouch is nil unless the tokens of item want a touch and nobody waits
// for what they do: a light that blinks then would teach people to touch it.
func worthATouch(item keystore.Item, ask credproc.Asker) error {
	if touches(item) && credproc.ReachOf(ask) == credproc.Nobody {
		return fmt.Errorf("%w to touch the token", credproc.ErrNoPrompt)
	}
	return nil
}

// refOf is how to reach the tokens of an item.
func refOf(item keystore.Item, known access, ask credproc.Asker) token.Ref {
	return token.Ref{Serials: tokensOf(item), Wait: tokenperson.Patience(ask), Access: known}
}
