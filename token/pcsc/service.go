//go:build cgo && (linux || darwin)

package pcsc

import (
	"bytes"
	"errors"
	"fmt"
	"time"
)

// patience is how long a call waits for another program to let go of a card.
const patience = 3 * time.Second

// Service is the PC/SC service of the machine. Its methods may be called at the
// same time. Each talks to pcscd over a connection of its own: libpcsclite lets
// one connection do one thing at a time, and a wait or a busy reader would hold
// up all else.
type Service struct {
	patience time.Duration
}

// Open makes sure that there is a service. The error wraps token.ErrNoService
// and names the package to install.
func Open() (*Service, error) {
	s := &Service{patience: patience}
	if err := s.with(func(cContext) error { return nil }); err != nil {
		return nil, fmt.Errorf("opening the smart card service: %w", err)
	}
	return s, nil
}

// Close ends the use of the service; cards that are still connected are their
// owners' to close.
func (s *Service) Close() error { return nil }

// with runs f with a connection to the service.
func (s *Service) with(f func(cContext) error) error {
	c, code := establish()
	if code != codeOK {
		return code
	}
	defer release(c)
	return f(c)
}

// Readers names all readers, with a card or without; none is no error.
func (s *Service) Readers() ([]string, error) {
	var names []string
	err := s.with(func(c cContext) (err error) {
		names, err = readers(c)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("listing readers: %w", err)
	}
	return names, nil
}

func readers(c cContext) ([]string, error) {
	list, code := listReaders(c)
	switch code {
	case codeOK:
	case codeNoReaders:
		return nil, nil
	default:
		return nil, code
	}
	var names []string
	for name := range bytes.SplitSeq(list, []byte{0}) {
		if len(name) > 0 {
			names = append(names, string(name))
		}
	}
	return names, nil
}

// State says which readers have a card now.
func (s *Service) State() (State, error) {
	var now State
	err := s.with(func(c cContext) (err error) {
		now, err = state(c)
		return err
	})
	if err != nil {
		return State{}, fmt.Errorf("asking which tokens are plugged in: %w", err)
	}
	return now, nil
}

// state lists the readers and asks for the state of each, and does both again
// if one went in between.
func state(c cContext) (State, error) {
	for {
		names, err := readers(c)
		if err != nil || len(names) == 0 {
			return State{}, err
		}
		now := State{names: names, raw: make([]uint32, len(names))}
		code := statusChange(c, 0, joined(names), now.raw)
		switch {
		case code == codeOK || code == codeTimeout:
			return now, nil
		case code != codeUnknownReader:
			return State{}, code
		}
	}
}

// joined is the names as C wants them.
func joined(names []string) []byte {
	var b []byte
	for _, name := range names {
		b = append(append(b, name...), 0)
	}
	return b
}

// serviceGone says that a connection to pcscd is of no use any more.
func serviceGone(err error) bool {
	var code Code
	if !errors.As(err, &code) {
		return false
	}
	switch code {
	case codeNoService, codeServiceStopped, codeInvalidHandle, codeComm, codeInternal, codeSecurity:
		return true
	}
	return false
}
