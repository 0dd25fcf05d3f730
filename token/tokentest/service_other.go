//go:build !linux

package tokentest

import (
	"fmt"
	"net"
)

// Service is a private pcscd; there is one on Linux alone.
type Service struct {
	// Socket is for PCSCLITE_CSOCK_NAME.
	Socket string
}

// StartService fails: use Linux for tests with virtual readers.
func StartService(Options) (*Service, error) {
	return nil, fmt.Errorf("starting pcscd: vpcd for this system is %w: use Linux", ErrMissing)
}

// Reader is the PC/SC name of reader i.
func (s *Service) Reader(int) string { return "" }

// Insert puts a card into reader i.
func (s *Service) Insert(int, Card) error { return ErrMissing }

// Remove pulls the card out of reader i.
func (s *Service) Remove(int) error { return ErrMissing }

// Kill ends pcscd.
func (s *Service) Kill() {}

// Restart starts pcscd again.
func (s *Service) Restart() error { return ErrMissing }

// Close ends the service.
func (s *Service) Close() error { return nil }

func quickAck(net.Conn) {}
