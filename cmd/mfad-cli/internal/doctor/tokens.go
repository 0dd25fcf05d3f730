package doctor

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/cmd/mfad-cli/internal/tokentext"
	"github.com/mfad/mfad/internal/sibling"
)

const tokenProgram = "mfad-token"

const installTokens = `Run "apt install libpcsclite-dev libfido2-dev pkg-config gcc" ` +
	`and then "make install" where mfad's source is.`

// checkTokens looks at what talks to tokens, what is plugged in, and which PIN is
// nearly blocked. It is quiet where nobody has a token.
func checkTokens(ctx context.Context, e *examination, r *record) {
	if e.status == nil {
		return
	}
	used := tokensUsed(e.status.Vault)
	if _, err := sibling.Find(tokenProgram); err != nil {
		if used {
			r.fail(installTokens, "the vault uses a token, and %s is not there", besideAgent(tokenProgram))
			return
		}
		r.ok("not used, and %s is not installed", tokenProgram)
		return
	}
	ctx, cancel := context.WithTimeoutCause(ctx, 2*patience, errors.New("the tokens do not answer"))
	defer cancel()
	var list wire.TokenListResult
	err := e.CallRunning(ctx, wire.MethodTokenList, nil, &list)
	switch {
	case len(list.Tokens) == 0 && !used:
		r.ok("not used, and none is plugged in")
	case err != nil:
		r.failBy(e, err)
	default:
		tellPlugged(list, r)
	}
}

// tellPlugged tells of the tokens that are there, and of what keeps others hidden.
func tellPlugged(list wire.TokenListResult, r *record) {
	for _, fault := range list.Faults {
		r.warn(`Do what it says, then run "mfad token list".`, "%s", fault)
	}
	if len(list.Tokens) == 0 && len(list.Faults) == 0 {
		r.ok("the vault uses one, and none is plugged in")
	}
	for _, t := range list.Tokens {
		before := len(r.findings)
		if t.Fault != "" {
			r.warn(`Plug it out and in, then run "mfad token list".`, "%s: %s", tokentext.Name(t), t.Fault)
		}
		for _, few := range tokentext.Warnings(t) {
			r.warn(few.Hint, "%s: %s", tokentext.Name(t), few.Text)
		}
		if len(r.findings) == before {
			r.ok("%s is plugged in", tokentext.Name(t))
		}
	}
}

// tokensUsed tells whether the vault has anything on a token, as far as can be
// said without opening it.
func tokensUsed(v *wire.Vault) bool {
	if v == nil {
		return false
	}
	return slices.ContainsFunc(v.Slots, wire.Slot.ByToken) ||
		slices.ContainsFunc(v.Items, func(i wire.Item) bool { return strings.HasPrefix(i.Kind, "oath") })
}

// besideAgent is where the agent looks for a program first.
func besideAgent(name string) string {
	agent, err := sibling.Find("mfad-agent")
	if err != nil {
		return name
	}
	return filepath.Join(filepath.Dir(agent), name)
}
