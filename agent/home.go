package agent

import (
	"path/filepath"

	"github.com/mfad/mfad/agent/vault"
	"github.com/mfad/mfad/agent/wire"
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
