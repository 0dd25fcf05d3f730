package doctor

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/cmd/mfad-cli/internal/table"
	"github.com/mfad/mfad/cmd/mfad-cli/internal/words"
	"github.com/mfad/mfad/internal/sibling"
)

// checkPrograms finds our program, and the agent that it starts.
func checkPrograms(_ context.Context, e *examination, r *record) {
	self, err := e.Self()
	if err != nil {
		r.fail("", "finding our own path: %v", err)
		return
	}
	r.ok("mfad %s is %s", wire.Version, self)
	agent, err := sibling.Find("mfad-agent")
	if err != nil {
		r.fail(`Install mfad-agent beside mfad: "make install" does.`, "%v", err)
		return
	}
	r.ok("the agent that it starts is %s", agent)
}

// checkSocket looks where the socket is, and whether it can be only ours.
func checkSocket(_ context.Context, e *examination, r *record) {
	socket, err := wire.SocketPath(e.Getenv)
	if err != nil {
		r.failBy(e, err)
		return
	}
	dir := filepath.Dir(socket)
	info, err := os.Lstat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		r.ok("%s (its folder is made when an agent starts)", socket)
	case err != nil:
		r.fail("Make that folder readable for you, or set MFAD_SOCKET.", "%v", err)
	case !info.IsDir():
		r.fail("Set MFAD_SOCKET to a path in a folder of your own.", "%s is no folder", dir)
	case openToOthers(info):
		r.fail("Run \"chmod 700 "+dir+"\".", "the folder %s is open to others (mode %04o)", dir, info.Mode().Perm())
	default:
		r.ok("%s", socket)
	}
}

// checkAgent asks whether the agent answers, and is of our version.
func checkAgent(ctx context.Context, e *examination, r *record) {
	ctx, cancel := context.WithTimeoutCause(ctx, 4*patience, errors.New("it does not answer"))
	defer cancel()
	var s wire.Status
	if err := e.Call(ctx, wire.MethodStatus, nil, &s); err != nil {
		r.failBy(e, err)
		if log, err := wire.LogPath(e.Getenv); err == nil {
			r.warn("", "what it had to say is in %s", log)
		}
		return
	}
	e.status = &s
	if s.Version != wire.Version {
		r.warn(`Run "mfad agent restart".`, "version %s runs (pid %d), and mfad is %s", s.Version, s.PID, wire.Version)
		return
	}
	r.ok("version %s answers (pid %d, up %s)", s.Version, s.PID, words.Span(time.Since(s.Started)))
	for _, f := range s.Faults {
		r.check = "last fault"
		r.warn("", "%s ago, profile %s: %s", words.Span(time.Since(f.At)), table.OrDash(f.Profile), f.Text)
		break // the others are in `mfad status`
	}
}

// checkVault looks whether the vault is there, closed to others, and has two
// ways in.
func checkVault(ctx context.Context, e *examination, r *record) {
	if e.status == nil {
		return
	}
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errors.New("the agent does not answer"))
	defer cancel()
	var v wire.Vault
	if err := e.CallRunning(ctx, wire.MethodVaultShow, nil, &v); err != nil {
		e.vault = err
		r.failBy(e, err)
		return
	}
	r.ok("%s is %s, and keeps %s", v.Path, words.VaultState(v, time.Now()), words.Count(len(v.Items), "item"))
	if len(v.Slots) < 2 {
		r.warn(`Run "mfad vault slot add recovery".`, "there is only one way in: when it is lost, so is everything")
	}
	if info, err := os.Stat(v.Path); err == nil && openToOthers(info) {
		r.warn("Run \"chmod 700 "+v.Path+"\".", "its folder is open to others (mode %04o)", info.Mode().Perm())
	}
}

// checkKeychain looks whether a keychain can be reached, when the vault has a
// slot in one.
func checkKeychain(_ context.Context, e *examination, r *record) {
	if e.status == nil || e.status.Vault == nil {
		return
	}
	for _, s := range e.status.Vault.Slots {
		if s.Kind != wire.SlotKeychain {
			continue
		}
		if why := noKeychain(e.Getenv); why != "" {
			r.warn(`Run "mfad unlock --slot passphrase" or "mfad unlock --slot recovery" here.`, "the vault opens by a keychain, and %s", why)
			return
		}
		r.ok("the vault has a slot in it")
		return
	}
	r.ok("not used")
}

// checkClock compares our clock with AWS's, as far as AWS has told the agent.
func checkClock(_ context.Context, e *examination, r *record) {
	const tolerable = 15 * time.Second
	if e.status == nil {
		return
	}
	skew := time.Duration(e.status.SkewMillis) * time.Millisecond
	if skew.Abs() > tolerable {
		r.warn("Set this machine's clock.", "it is %s; codes are corrected for that, and other programs are not", words.ClockSkew(skew))
		return
	}
	r.ok("no more than %s from AWS's, as far as it has told", words.Span(max(skew.Abs(), time.Second)))
}
