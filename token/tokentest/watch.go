package tokentest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// The few words of pcscd's own protocol that tell which readers hold a card:
// structures of the C compiler, in the byte order of the machine
// (pcsc-lite, winscard_msg.h and eventhandler.h).
const (
	wordVersion = 0x11
	wordWait    = 0x13

	protocolMajor = 4
	protocolMinor = 4

	stateSize    = 184
	stateName    = 128 // bytes of the name, which comes first
	stateCounter = 128
	stateBits    = 132
	statePresent = 0x04
)

// watchLimit is for how long the service waits for pcscd to start; lookLimit is
// for how long for it to look at a reader, which it does every 0.4 s or sooner.
const (
	watchLimit = 20 * time.Second
	lookLimit  = 4 * time.Second
)

type readerState struct {
	name    string
	present bool
	changes uint32 // how often pcscd saw a card come or go
}

// watch waits until the readers of the pcscd at socket are as done wants them;
// os.ErrDeadlineExceeded when that takes longer than limit.
func watch(socket string, limit time.Duration, done func([]readerState) bool) error {
	conn, err := net.Dial("unix", socket)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(limit)); err != nil {
		return err
	}
	if err := greet(conn); err != nil {
		return err
	}
	for {
		if err := say(conn, wordWait, nil); err != nil {
			return err
		}
		// The states as they are, at once; then, on a change, eight bytes.
		raw := make([]byte, MaxReaders*stateSize)
		if _, err := io.ReadFull(conn, raw); err != nil {
			return fmt.Errorf("reading the state of the readers: %w", err)
		}
		if done(parseStates(raw)) {
			return nil
		}
		if _, err := io.ReadFull(conn, raw[:8]); err != nil {
			return fmt.Errorf("waiting for the readers to change: %w", err)
		}
	}
}

func greet(conn net.Conn) error {
	version := make([]byte, 12) // major, minor, result
	binary.NativeEndian.PutUint32(version, protocolMajor)
	binary.NativeEndian.PutUint32(version[4:], protocolMinor)
	if err := say(conn, wordVersion, version); err != nil {
		return err
	}
	if _, err := io.ReadFull(conn, version); err != nil {
		return fmt.Errorf("greeting pcscd: %w", err)
	}
	if binary.NativeEndian.Uint32(version[8:]) != 0 {
		return errors.New("greeting pcscd: it speaks another version")
	}
	return nil
}

func say(w io.Writer, word uint32, payload []byte) error {
	message := binary.NativeEndian.AppendUint32(nil, uint32(len(payload)))
	message = binary.NativeEndian.AppendUint32(message, word)
	_, err := w.Write(append(message, payload...))
	return err
}

func parseStates(raw []byte) []readerState {
	var states []readerState
	for ; len(raw) >= stateSize; raw = raw[stateSize:] {
		name, _, _ := bytes.Cut(raw[:stateName], []byte{0})
		if len(name) == 0 {
			continue
		}
		bits := binary.NativeEndian.Uint32(raw[stateBits:])
		states = append(states, readerState{
			name: string(name), present: bits&statePresent != 0,
			changes: binary.NativeEndian.Uint32(raw[stateCounter:]),
		})
	}
	return states
}
