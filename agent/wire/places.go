package wire

import (
	"path/filepath"
)

// SocketVariable names the environment variable that moves the socket.
const SocketVariable = "MFAD_SOCKET"

// StateDir is the folder of what mfad remembers and may lose: the agent's log
// and, without a runtime folder, its socket. The error wraps [ErrNoHome].
func StateDir(getenv func(string) string) (string, error) {
	if dir := getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "mfad"), nil
	}
	return homeState(getenv)
}

// SocketPath is where the agent listens: $MFAD_SOCKET, else in
// $XDG_RUNTIME_DIR/mfad, else in [StateDir]. Its folder belongs to mfad alone.
func SocketPath(getenv func(string) string) (string, error) {
	if path := getenv(SocketVariable); path != "" {
		if !filepath.IsAbs(path) {
			return "", Errorf(ErrBadRequest, "%s must be an absolute path, not %q", SocketVariable, path)
		}
		return filepath.Clean(path), nil
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
