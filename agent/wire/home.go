package wire

import (
	"path/filepath"
)

// StateDir is where the agent keeps its ledger and its logs:
// $XDG_STATE_HOME/mfad, else ~/.local/state/mfad. It wraps [ErrNoHome].
func StateDir(getenv func(string) string) (string, error) {
	return xdg(getenv, "XDG_STATE_HOME", ".local", "state")
}

// DataDir is where the vaults are: $XDG_DATA_HOME/mfad, else
// ~/.local/share/mfad. It wraps [ErrNoHome].
func DataDir(getenv func(string) string) (string, error) {
	return xdg(getenv, "XDG_DATA_HOME", ".local", "share")
}

// SocketPath is where the agent listens and clients dial: $MFAD_SOCKET, else
// $XDG_RUNTIME_DIR/mfad/agent.sock, else run/agent.sock in [StateDir]. It
// wraps [ErrNoHome].
func SocketPath(getenv func(string) string) (string, error) {
	if path := getenv("MFAD_SOCKET"); path != "" {
		return filepath.Abs(path)
	}
	if dir := getenv("XDG_RUNTIME_DIR"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "mfad", "agent.sock"), nil
	}
	state, err := StateDir(getenv)
	if err != nil {
		return "", err
	}
	return filepath.Join(state, "run", "agent.sock"), nil
}

// xdg is mfad's folder in a base directory; relative values are ignored, as
// the XDG Base Directory Specification demands.
func xdg(getenv func(string) string, variable string, fallback ...string) (string, error) {
	if dir := getenv(variable); filepath.IsAbs(dir) {
		return filepath.Join(dir, "mfad"), nil
	}
	for _, home := range []string{getenv("HOME"), getenv("USERPROFILE")} {
		if filepath.IsAbs(home) {
			return filepath.Join(append(append([]string{home}, fallback...), "mfad")...), nil
		}
	}
	return "", Errorf(ErrNoHome, "no home folder: neither $HOME nor $%s names one", variable)
}
