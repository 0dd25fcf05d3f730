package wire

import (
	"errors"

	"github.com/mfad/mfad/internal/errcode"
	"github.com/mfad/mfad/internal/places"
)

// SocketVariable names the environment variable that moves the socket.
const SocketVariable = places.SocketVariable

// StateDir is [places.State]. The error wraps [errcode.NoHome].
func StateDir(getenv func(string) string) (string, error) { return coded(places.State(getenv)) }

// LogPath is [places.Log]. The error wraps [errcode.NoHome].
func LogPath(getenv func(string) string) (string, error) { return coded(places.Log(getenv)) }

// DataDir is [places.Data]. The error wraps [errcode.NoHome].
func DataDir(getenv func(string) string) (string, error) { return coded(places.Data(getenv)) }

// SocketPath is [places.Socket]. The error wraps [errcode.NoHome] or [errcode.BadRequest].
func SocketPath(getenv func(string) string) (string, error) { return coded(places.Socket(getenv)) }

// AddressPath is [places.Address]. The error wraps [errcode.NoHome].
func AddressPath(getenv func(string) string) (string, error) { return coded(places.Address(getenv)) }

// coded gives an error the code that it crosses the socket by.
func coded(path string, err error) (string, error) {
	switch {
	case err == nil:
		return path, nil
	case errors.Is(err, places.ErrNoHome):
		return "", errcode.Wrap(errcode.NoHome, err)
	}
	return "", errcode.Wrap(errcode.BadRequest, err)
}
