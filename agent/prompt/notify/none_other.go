//go:build !linux && !darwin

package notify

import (
	"context"
	"errors"

	"github.com/mfad/mfad/agent/wire"
)

// open finds nothing: on this system only the terminal tells what to do.
func open(context.Context, wire.Desktop) (screen, error) {
	return nil, errors.New("no notifications on this system")
}
