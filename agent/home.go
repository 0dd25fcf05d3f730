package agent

import (
	"path/filepath"

	"github.com/mfad/mfad/agent/vault"
	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/durable"
)

// Home says where the agent keeps things.
type Home struct {
	Vault string // the vault's folder
	State string // what mfad remembers of use: codes given, generations seen, who asked
}

// FindHome derives the folders from the environment, as [wire.StateDir] and
// [wire.DataDir] say. It makes none of them. The error wraps [errcode.NoHome].
func FindHome(getenv func(string) string) (Home, error) {
	state, err := wire.StateDir(getenv)
	if err != nil {
		return Home{}, err
	}
	data, err := wire.DataDir(getenv)
	if err != nil {
		return Home{}, err
	}
	return Home{Vault: filepath.Join(data, "vaults", vault.Name), State: state}, nil
}

func (h Home) ledger() string    { return filepath.Join(h.State, "codes.json") }
func (h Home) highWater() string { return filepath.Join(h.State, "vault-"+vault.Name+".json") }
func (h Home) audit() string     { return filepath.Join(h.State, "audit.log") }

// address is the file that says where the agent that holds the vault listens, as
// [wire.AddressPath] has it.
func (h Home) address() string { return h.Vault + ".agent" }

// announce writes where we listen, for clients that look elsewhere: it is called by
// who holds the vault. Where it cannot be written, they find us as before.
func announce(o Options) {
	if o.Socket == "" {
		return
	}
	name := o.Home.address()
	if err := durable.WriteFile(o.FS, name, []byte(o.Socket+"\n"), 0o600); err != nil {
		o.Logger.Warn("cannot say where the agent listens", "file", name, "error", err)
	}
}
