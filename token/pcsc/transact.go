//go:build cgo && (linux || darwin)

package pcsc

import (
	"context"
	"errors"
	"fmt"

	"github.com/mfad/mfad/token"
)

// Transact runs f while no other program can use the card. What f selects and
// unlocks is for f alone: in the next transaction it is as other programs left
// it. It waits some three seconds for another program's transaction to end:
// then the error wraps token.ErrBusy, and the card is of no more use.
func (c *Card) Transact(f func() error) error {
	if err := c.begin(); err != nil {
		return fmt.Errorf("beginning a transaction with %q: %w", c.reader, err)
	}
	// An error of the end would say that the card went, or pcscd: f knows, or
	// was done with it.
	defer end(c.handle)
	return f()
}

func (c *Card) begin() error {
	if c.gone {
		return fmt.Errorf("%w: the connection was closed", token.ErrRemoved)
	}
	ctx, stop := context.WithTimeoutCause(context.Background(), c.service.patience, errImpatient)
	defer stop()
	_, err := bounded(ctx, c.beginOrReconnect, func(struct{}) {
		end(c.handle)
		c.drop()
	})
	if errors.Is(err, errImpatient) {
		c.gone = true // now the one who waits for the transaction has it
		return busy()
	}
	return lost(err)
}

// beginOrReconnect takes note of a reset by another program, which nothing was
// lost by so far.
func (c *Card) beginOrReconnect() (struct{}, error) {
	for {
		code := begin(c.handle)
		if code == codeReset && !c.used {
			if c.protocol, code = reconnect(c.handle); code == codeOK {
				continue
			}
		}
		if code == codeOK {
			return struct{}{}, nil
		}
		return struct{}{}, code
	}
}

// lost turns "not there" into "not there any more".
func lost(err error) error {
	if errors.Is(err, token.ErrNotPresent) {
		return fmt.Errorf("%w (%w)", token.ErrRemoved, err)
	}
	return err
}

// The longest answers: of a short APDU, and of an extended one.
const (
	maxShort    = 256 + 2
	maxExtended = 65536 + 2
)

// Transmit sends an APDU and returns the answer, data and status word, which
// are the caller's to wipe. It is for use in a transaction and takes as long as
// the card, a touch included. The error wraps token.ErrRemoved when the card was
// pulled out or reset by another program, token.ErrNoService when pcscd went.
func (c *Card) Transmit(apdu []byte) ([]byte, error) {
	if c.gone {
		return nil, fmt.Errorf("%w: the connection was closed", token.ErrRemoved)
	}
	if len(apdu) < 4 {
		return nil, fmt.Errorf("%w: an APDU of %d bytes", token.ErrInvalid, len(apdu))
	}
	c.used = true
	if c.protocol == protocolT0 {
		return transmitT0(c.exchange, apdu)
	}
	return c.exchange(apdu)
}

func (c *Card) exchange(apdu []byte) ([]byte, error) {
	room := maxShort
	if len(apdu) >= 7 && apdu[4] == 0 {
		room = maxExtended
	}
	answer := make([]byte, room)
	n, code := transmit(c.handle, c.protocol, apdu, answer)
	if code != codeOK {
		clear(answer)
		return nil, fmt.Errorf("talking to %q: %w", c.reader, lost(code))
	}
	if n == 0 { // the card went before it could answer
		return nil, fmt.Errorf("talking to %q: %w: it did not answer", c.reader, token.ErrRemoved)
	}
	if n < 2 || n > room {
		clear(answer)
		return nil, fmt.Errorf("talking to %q: %w: an answer of %d bytes", c.reader, token.ErrUnsupported, n)
	}
	return answer[:n:n], nil
}
