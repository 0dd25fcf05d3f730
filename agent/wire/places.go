package wire

import (
	"path/filepath"

	"github.com/mfad/mfad/internal/errcode"
)

// SocketVariable names the environment variable that moves the socket.
const SocketVariable = "MFAD_SOCKET"

// StateDir is the folder of what mfad remembers and may lose: the agent's log,
// the codes that were given and, without a runtime folder, the socket. The
// error wraps [errcode.NoHome].
func StateDir(getenv func(string) string) (string, error) {
	return place(getenv, "XDG_STATE_HOME", filepath.Join(".local", "state"))
}

// LogPath is the file that an agent which a client starts writes its log to.
// The error wraps [errcode.NoHome].
func LogPath(getenv func(string) string) (string, error) {
	state, err := StateDir(getenv)
	if err != nil {
		return "", err
	}
	return filepath.Join(state, "agent.log"), nil
}

// DataDir is the folder of what mfad must not lose: the vaults. The error wraps
// [errcode.NoHome].
func DataDir(getenv func(string) string) (string, error) {
	return place(getenv, "XDG_DATA_HOME", filepath.Join(".local", "share"))
}

// place is mfad's part of a base folder: the variable's, else the system's
// default. The XDG Base Directory Specification says to pass over a relative
// path.
func place(getenv func(string) string, variable, underHome string) (string, error) {
	base := getenv(variable)
	if !filepath.IsAbs(base) {
		var err error
		if base, err = defaultBase(getenv, underHome); err != nil {
			return "", err
		}
	}
	return filepath.Join(base, "mfad"), nil
}

// SocketPath is where the agent listens: $MFAD_SOCKET, else in
// $XDG_RUNTIME_DIR/mfad, else in [StateDir]. Its folder belongs to mfad alone.
func SocketPath(getenv func(string) string) (string, error) {
	if path := getenv(SocketVariable); path != "" {
		if !filepath.IsAbs(path) {
			return "", errcode.Errorf(errcode.BadRequest, "%s must be an absolute path, not %q", SocketVariable, path)
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
