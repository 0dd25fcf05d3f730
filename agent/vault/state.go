package vault

import (
	"sync"

	"github.com/mfad/mfad/internal/errcode"
	"github.com/mfad/mfad/keystore"
)

// Name is the vault that the agent serves.
const Name = "default"

// state is what is known of the vault. Its mutex is held for nanoseconds.
type state struct {
	mu       sync.Mutex
	vault    *keystore.Vault // nil until it was opened
	verified bool            // the public facts have passed the MAC
	shut     bool            // locked by the person, until they unlock it
	locks    uint64          // counts locks: an unlock under way notices
}

func (s *state) current() *keystore.Vault {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.vault
}

func (s *state) opened(v *keystore.Vault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.vault, s.verified = v, false
}

// made takes over a vault that was just made, unlocked.
func (s *state) made(v *keystore.Vault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.vault, s.verified, s.shut = v, true, false
}

func (s *state) isVerified() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.verified
}

// refusal is nil unless the person keeps the vault locked.
func (s *state) refusal() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shut {
		return errcode.Errorf(errcode.VaultLocked, "vault %q was locked and stays so until it is unlocked", Name)
	}
	return nil
}

// shutNow notes that the person locks the vault, which the caller does then.
func (s *state) shutNow() *keystore.Vault {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shut = true
	s.locks++
	return s.vault
}

func (s *state) lockCount() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.locks
}

// admit notes that the vault was unlocked by an attempt that began after so many
// locks, unless the person has locked it since.
func (s *state) admit(locks uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.locks != locks {
		return false
	}
	s.shut, s.verified = false, true
	return true
}
