package ctap

import (
	"crypto/ecdh"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

const (
	maxRetries  = 8
	maxInARow   = 3 // wrong PINs before the key wants to be plugged in again
	resetWithin = 10 * time.Second
)

// authenticator is what the key keeps. Key.mu guards it.
type authenticator struct {
	protocols []uint64 // PIN protocols, the preferred one first
	master    [32]byte // credentials are derived from it
	pin       []byte   // the left half of the PIN's SHA-256; nil: none is set
	retries   int
	idLength  int               // 0: idSize
	stored    map[string][]byte // by an ID of another length, the credential's own

	// Without power it forgets these.
	wrongInARow int
	agreement   *ecdh.PrivateKey
	token       [32]byte // pinUvAuthToken
	counter     uint32
}

func (a *authenticator) powerUp() {
	a.wrongInARow = 0
	a.renew()
}

// renew makes a new agreement key and PIN token (6.5.5.1).
func (a *authenticator) renew() {
	a.agreement = must(ecdh.P256().GenerateKey(rand.Reader))
	rand.Read(a.token[:])
}

// command runs a CTAP2 command and writes it into the journal.
func (k *Key) command(t *transaction, request []byte) []byte {
	k.mu.Lock()
	delay := k.delay
	k.mu.Unlock()
	t.pause(delay)

	body, err := k.dispatch(t, request[0], request[1:])
	status := StatusOK
	if err != nil && !errors.As(err, &status) {
		panic(err) // a command fails with a status
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if errors.Is(err, errNotCanonical) {
		k.foreignLocked(err)
	}
	k.journal = append(k.journal, Entry{Command: t.name, Status: status})
	if status != StatusOK {
		return []byte{byte(status)}
	}
	if body == nil {
		return []byte{byte(StatusOK)}
	}
	return append([]byte{byte(StatusOK)}, must(encoding.Marshal(body))...)
}

func (k *Key) dispatch(t *transaction, cmd byte, data []byte) (any, error) {
	switch cmd {
	case cmdMakeCredential:
		t.name = "makeCredential"
		return k.makeCredential(t, data)
	case cmdGetAssertion:
		t.name = "getAssertion"
		return k.getAssertion(t, data)
	case cmdGetInfo:
		t.name = "getInfo"
		if len(data) != 0 {
			return nil, StatusInvalidLength
		}
		return k.info(), nil
	case cmdClientPIN:
		t.name = "clientPIN"
		return k.clientPIN(t, data)
	case cmdReset:
		t.name = "reset"
		return nil, k.reset(t)
	default:
		t.name = fmt.Sprintf("command %#02x", cmd)
		return nil, StatusInvalidCommand
	}
}

// info answers authenticatorGetInfo (6.4).
func (k *Key) info() any {
	k.mu.Lock()
	defer k.mu.Unlock()
	info := map[int]any{
		1: []string{"FIDO_2_0"},
		3: k.o.AAGUID[:],
		4: map[string]bool{"rk": false, "up": true, "clientPin": k.a.pin != nil},
		5: 1200,
		6: k.o.Protocols,
	}
	if k.o.AlwaysUV || k.o.Biometric {
		info[1] = []string{"FIDO_2_0", "FIDO_2_1"}
		options := info[4].(map[string]bool)
		options["alwaysUv"] = k.o.AlwaysUV
		if k.o.Biometric {
			options["uv"], options["bioEnroll"] = true, true
		}
	}
	if !k.o.NoHMACSecret {
		info[2] = []string{"hmac-secret"}
	}
	return info
}

// reset forgets everything (6.6).
func (k *Key) reset(t *transaction) error {
	k.mu.Lock()
	late := time.Since(k.started) > resetWithin
	k.mu.Unlock()
	if late {
		return StatusNotAllowed
	}
	if s := t.touch(); s != StatusOK {
		return s
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	rand.Read(k.a.master[:])
	k.a.pin, k.a.retries = nil, maxRetries
	k.a.powerUp()
	return nil
}

// options reads the options of a command; only known ones of a known value pass.
func options(got map[string]bool, allowed map[string][]bool) error {
	for _, name := range slices.Sorted(maps.Keys(got)) {
		values, known := allowed[name]
		if known && slices.Contains(values, got[name]) {
			continue
		}
		if known && name == "up" {
			return StatusInvalidOption
		}
		return StatusUnsupportedOption
	}
	return nil
}
