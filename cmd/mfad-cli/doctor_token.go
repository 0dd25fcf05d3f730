package main

import (
	"context"
	"errors"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mfad/mfad/agent/client"
	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/cmd/mfad-cli/internal/tokentext"
)

// tokens: what talks to them, what it finds, and which PIN is nearly blocked.
// It is quiet where nobody has a token.
func (d *diagnosis) tokens(ctx context.Context) {
	const check = "tokens"
	if d.status == nil {
		return
	}
	used := d.tokensUsed()
	if program, found := tokenProgram(); !found {
		if used {
			d.fail(check, `Run "apt install libpcsclite-dev libfido2-dev pkg-config gcc" and then "make install" where mfad's source is.`, "the vault uses a token, and %s is not there", program)
			return
		}
		d.ok(check, "not used, and mfad-token is not installed")
		return
	}
	ctx, cancel := context.WithTimeoutCause(ctx, 2*patience, errors.New("the tokens do not answer"))
	defer cancel()
	var r wire.TokenListResult
	err := d.cli.callRunning(ctx, wire.MethodTokenList, nil, &r)
	switch {
	case len(r.Tokens) == 0 && !used:
		d.ok(check, "not used, and none is plugged in")
	case err != nil:
		d.failBy(check, err)
	default:
		d.plugged(check, r)
	}
}

// plugged tells of the tokens that are there, and of what keeps others hidden.
func (d *diagnosis) plugged(check string, r wire.TokenListResult) {
	for _, fault := range r.Faults {
		d.warn(check, `Do what it says, then run "mfad token list".`, "%s", fault)
	}
	if len(r.Tokens) == 0 && len(r.Faults) == 0 {
		d.ok(check, "the vault uses one, and none is plugged in")
	}
	for _, t := range r.Tokens {
		before := len(d.findings)
		if t.Fault != "" {
			d.warn(check, `Plug it out and in, then run "mfad token list".`, "%s: %s", tokentext.Name(t), t.Fault)
		}
		for _, few := range tokentext.Warnings(t) {
			d.warn(check, few.Hint, "%s: %s", tokentext.Name(t), few.Text)
		}
		if len(d.findings) == before {
			d.ok(check, "%s is plugged in", tokentext.Name(t))
		}
	}
}

// tokensUsed tells whether the vault has anything on a token, as far as can be
// said without opening it.
func (d *diagnosis) tokensUsed() bool {
	v := d.status.Vault
	if v == nil {
		return false
	}
	return slices.ContainsFunc(v.Slots, func(s wire.Slot) bool { return s.Kind == pivSlot || s.Kind == fido2Slot }) ||
		slices.ContainsFunc(v.Items, func(i wire.Item) bool { return strings.HasPrefix(i.Kind, "oath") })
}

// tokenProgram is the mfad-token of the agent that we would start: beside it,
// else in PATH. If it is in neither, path is where it should be.
func tokenProgram() (path string, found bool) {
	const name = "mfad-token"
	agent, err := client.Program("")
	if err == nil {
		agent, err = filepath.EvalSymlinks(agent)
	}
	beside := filepath.Join(filepath.Dir(agent), name)
	if path, err := exec.LookPath(beside); err == nil {
		return path, true
	}
	if path, err := exec.LookPath(name); err == nil {
		return path, true
	}
	if err != nil {
		return name, false
	}
	return beside, false
}
