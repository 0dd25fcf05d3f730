package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/mfad/mfad/agent/client"
	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/cmd/mfad-cli/internal/table"
	"github.com/mfad/mfad/cmd/mfad-cli/internal/words"
)

// patience is how long doctor waits for an answer of the agent.
const patience = 5 * time.Second

// programs: ours, and the agent that we would start.
func (d *diagnosis) programs(context.Context) {
	const check = "programs"
	self, err := ownPath()
	if err != nil {
		d.fail(check, "", "finding our own path: %v", err)
		return
	}
	d.ok(check, "mfad %s is %s", wire.Version, self)
	agent, err := client.Program("")
	if err != nil {
		d.fail(check, `Install mfad-agent beside mfad: "make install" does.`, "%v", err)
		return
	}
	d.ok(check, "the agent that it starts is %s", agent)
}

// socket: where it is, and whether it can be only ours.
func (d *diagnosis) socket(context.Context) {
	const check = "socket"
	socket, err := wire.SocketPath(d.cli.getenv)
	if err != nil {
		d.failBy(check, err)
		return
	}
	dir := filepath.Dir(socket)
	info, err := os.Lstat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		d.ok(check, "%s (its folder is made when an agent starts)", socket)
	case err != nil:
		d.fail(check, "Make that folder readable for you, or set MFAD_SOCKET.", "%v", err)
	case !info.IsDir():
		d.fail(check, "Set MFAD_SOCKET to a path in a folder of your own.", "%s is no folder", dir)
	case openToOthers(info):
		d.fail(check, "Run \"chmod 700 "+dir+"\".", "the folder %s is open to others (mode %04o)", dir, info.Mode().Perm())
	default:
		d.ok(check, "%s", socket)
	}
}

// agent: whether it answers, and is of our version.
func (d *diagnosis) agent(ctx context.Context) {
	const check = "agent"
	ctx, cancel := context.WithTimeoutCause(ctx, 4*patience, errors.New("it does not answer"))
	defer cancel()
	var s wire.Status
	if err := d.cli.call(ctx, wire.MethodStatus, nil, &s); err != nil {
		d.failBy(check, err)
		if log, err := wire.LogPath(d.cli.getenv); err == nil {
			d.warn(check, "", "what it had to say is in %s", log)
		}
		return
	}
	d.status = &s
	if s.Version != wire.Version {
		d.warn(check, `Run "mfad agent restart".`, "version %s runs (pid %d), and mfad is %s", s.Version, s.PID, wire.Version)
		return
	}
	d.ok(check, "version %s answers (pid %d, up %s)", s.Version, s.PID, words.Span(time.Since(s.Started)))
	for _, f := range s.Faults {
		d.warn("last fault", "", "%s ago, profile %s: %s", words.Span(time.Since(f.At)), table.OrDash(f.Profile), f.Text)
		break // the others are in `mfad status`
	}
}

// vault: there, whole on the face of it, and with two ways in.
func (d *diagnosis) vault(ctx context.Context) {
	const check = "vault"
	if d.status == nil {
		return
	}
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errors.New("the agent does not answer"))
	defer cancel()
	var v wire.Vault
	if err := d.cli.callRunning(ctx, wire.MethodVaultShow, nil, &v); err != nil {
		d.failBy(check, err)
		return
	}
	d.ok(check, "%s is %s, and keeps %s", v.Path, words.VaultState(v, time.Now()), words.Counted(len(v.Items), "item"))
	if len(v.Slots) < 2 {
		d.warn(check, `Run "mfad vault slot add recovery".`, "there is only one way in: when it is lost, so is everything")
	}
	if info, err := os.Stat(v.Path); err == nil && openToOthers(info) {
		d.warn(check, "Run \"chmod 700 "+v.Path+"\".", "its folder is open to others (mode %04o)", info.Mode().Perm())
	}
}

// keychain: whether one can be reached, when the vault has a slot in one.
func (d *diagnosis) keychain(context.Context) {
	const check = "keychain"
	if d.status == nil || d.status.Vault == nil {
		return
	}
	for _, s := range d.status.Vault.Slots {
		if s.Kind != "keychain" {
			continue
		}
		if why := noKeychain(d.cli.getenv); why != "" {
			d.warn(check, `Run "mfad unlock --slot passphrase" or "mfad unlock --slot recovery" here.`, "the vault opens by a keychain, and %s", why)
			return
		}
		d.ok(check, "the vault has a slot in it")
		return
	}
	d.ok(check, "not used")
}

// clock: as far as AWS has told the agent. Codes are corrected by it.
func (d *diagnosis) clock(context.Context) {
	const check, tolerable = "clock", 15 * time.Second
	if d.status == nil {
		return
	}
	skew := time.Duration(d.status.SkewMillis) * time.Millisecond
	if skew.Abs() > tolerable {
		d.warn(check, "Set this machine's clock.", "it is %s; codes are corrected for that, and other programs are not", words.Skew(skew))
		return
	}
	d.ok(check, "no more than %s from AWS's, as far as it has told", words.Span(max(skew.Abs(), time.Second)))
}
