// Package places says in which folders mfad's files stand, and where the agent
// listens, by the environment that it is given.
//
// It makes no folder, and looks at one alone: that of XDG_RUNTIME_DIR, which is
// passed over where nobody could use it. It links little, because cmd/mfad needs it
// on the start-up path of every aws command.
package places

import (
	"errors"
	"path/filepath"
	"strconv"
)

// ErrNoHome says that the environment names no home folder.
var ErrNoHome = errors.New(noHome)

// SocketVariable names the environment variable that moves the socket.
const SocketVariable = "MFAD_SOCKET"

// State is the folder of what mfad remembers and may lose: the agent's log, the
// codes that were given and, without a runtime folder, the socket. The error is
// [ErrNoHome].
func State(getenv func(string) string) (string, error) {
	return place(getenv, "XDG_STATE_HOME", filepath.Join(".local", "state"))
}

// Log is the file that an agent which a client starts writes its log to. The
// error is [ErrNoHome].
func Log(getenv func(string) string) (string, error) {
	state, err := State(getenv)
	if err != nil {
		return "", err
	}
	return filepath.Join(state, "agent.log"), nil
}

// MaxLog is the size in bytes at which a new log begins; the one before stays as
// [Log] with .1 behind it.
const MaxLog = 1 << 20

// Data is the folder of what mfad must not lose: the vaults. The error is
// [ErrNoHome].
func Data(getenv func(string) string) (string, error) {
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

// Address is the file in which the agent that holds the vault says where it
// listens, beside the vault's folder. The error is [ErrNoHome].
func Address(getenv func(string) string) (string, error) {
	data, err := Data(getenv)
	if err != nil {
		return "", err
	}
	return filepath.Join(data, "vaults", "default.agent"), nil
}

// Socket is where the agent listens: $MFAD_SOCKET, else in
// $XDG_RUNTIME_DIR/mfad, unless that folder is [Unfit], else in [State]. Its folder
// belongs to mfad alone. The error is [ErrNoHome], or says that $MFAD_SOCKET is no
// absolute path.
func Socket(getenv func(string) string) (string, error) {
	if path := getenv(SocketVariable); path != "" {
		if !filepath.IsAbs(path) {
			return "", errors.New(SocketVariable + " must be an absolute path, not " + strconv.Quote(path))
		}
		return filepath.Clean(path), nil
	}
	if dir := getenv(runtimeVariable); dir != "" && unfit(dir) == "" {
		return filepath.Join(dir, "mfad", "agent.sock"), nil
	}
	state, err := State(getenv)
	if err != nil {
		return "", err
	}
	return filepath.Join(state, "run", "agent.sock"), nil
}

const runtimeVariable = "XDG_RUNTIME_DIR"

// Unfit says why the folder of $XDG_RUNTIME_DIR is passed over, which is as if the
// variable were not set; empty if it is not, or does not matter.
func Unfit(getenv func(string) string) (why string) {
	dir := getenv(runtimeVariable)
	if dir == "" || getenv(SocketVariable) != "" {
		return ""
	}
	if why = unfit(dir); why != "" {
		why = runtimeVariable + " is not used: " + strconv.Quote(dir) + " " + why
	}
	return why
}

// unfit says what is wrong with a runtime folder; empty if nothing is.
func unfit(dir string) string {
	if !filepath.IsAbs(dir) {
		return "is no absolute path"
	}
	return unfitHere(dir)
}
