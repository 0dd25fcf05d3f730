//go:build !linux && !darwin && !windows

package prompt

import (
	"errors"
	"os"
)

var deadly = []os.Signal{os.Interrupt}

// tty is never opened here.
type tty struct{ *os.File }

func openTTY() (tty, error) { return tty{}, errors.New("mfad cannot ask on this system's terminals") }

func (t tty) foreground() bool               { return false }
func (t tty) setEcho(bool) (restorer, error) { return nil, ErrNoTerminal }
func (t tty) width() int                     { return 80 }

func raise(os.Signal) { os.Exit(130) }
