//go:build cgo && (linux || darwin)

package piv

import (
	"context"
	"errors"
	"fmt"
	"time"

	pivgo "github.com/go-piv/piv-go/v2/piv"

	"github.com/mfad/mfad/token"
	"github.com/mfad/mfad/token/pcsc"
)

// patience is how long another program may hold the reader.
const patience = 3 * time.Second

// card is a PIV applet, held exclusively.
type card struct {
	*operation
	yk     *pivgo.YubiKey
	rights bool // the token may hold a verified PIN or an authenticated key
	silent bool // it has no GET METADATA, whatever its version says
}

// withCard opens the applet for the time of f.
func (o *operation) withCard(ctx context.Context, f func(*card) error) error {
	service, err := pcsc.Open()
	if err != nil {
		return err
	}
	defer service.Close() //nolint:errcheck // nothing was written
	if err := o.probe(ctx, service, nil); err != nil {
		return err
	}
	yk, err := o.open(ctx)
	if err != nil {
		return err
	}
	c := &card{operation: o, yk: yk}
	defer c.close(service)
	return f(c)
}

// close gives the reader back. A PIN must not stay verified for whoever comes
// next; piv-go leaves the token as it is, so that a second handle resets it.
// It does its best: there is nothing to do about a token that was pulled out,
// nor, then, anything left on it.
func (c *card) close(service *pcsc.Service) {
	_ = c.yk.Close()
	if !c.rights {
		return
	}
	// Not the operation's context: the reset is wanted above all when that ended.
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if again, err := service.Connect(ctx, c.reader); err == nil {
		_ = again.Close()
	}
}

// probe selects the applet with a shared handle, and then has also, if any,
// look at it. It returns errNoApplet where there is none: piv-go's Open would
// keep the reader locked until this process ends. Its handle resets the token,
// so that no PIN is verified afterwards.
func (o *operation) probe(ctx context.Context, service *pcsc.Service, also func(*pcsc.Card) error) (err error) {
	shared, err := service.Connect(ctx, o.reader)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, shared.Close()) }()
	return shared.Transact(func() error {
		answer, err := shared.Transmit(selectPIV)
		switch {
		case err != nil:
			return err
		case !succeeded(answer):
			return errNoApplet
		case also == nil:
			return nil
		}
		return also(shared)
	})
}

// selectPIV: NIST SP 800-73-4 part 2, 3.1.1, with the start of the identifier.
var selectPIV = []byte{0x00, 0xa4, 0x04, 0x00, 0x05, 0xa0, 0x00, 0x00, 0x03, 0x08, 0x00}

// succeeded: 9000, or 61xx when more of the answer can be had.
func succeeded(answer []byte) bool {
	n := len(answer)
	return n >= 2 && (answer[n-2] == 0x90 && answer[n-1] == 0 || answer[n-2] == 0x61)
}

// open opens the applet exclusively, which is the only way that piv-go knows.
// It waits for other programs, for [patience]; then it wraps token.ErrBusy.
func (o *operation) open(ctx context.Context) (*pivgo.YubiKey, error) {
	deadline := time.Now().Add(patience)
	for wait := 20 * time.Millisecond; ; wait *= 2 {
		yk, err := pivgo.Open(o.reader)
		if err == nil {
			return yk, nil
		}
		if err = fault(err); !errors.Is(err, token.ErrBusy) {
			return nil, err
		}
		left := time.Until(deadline)
		if left <= 0 {
			return nil, pcsc.Busy()
		}
		select {
		case <-time.After(min(wait, left)):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// version is the applet's.
func (c *card) version() string {
	v := c.yk.Version()
	return fmt.Sprintf("%d.%d.%d", v.Major, v.Minor, v.Patch)
}

// serial is the token's, as printed on it: 0 of one that has none. It is not
// told by a token that does not know the question.
func (c *card) serial() (n uint32, told bool, err error) {
	if n, err = c.yk.Serial(); err == nil {
		return n, true, nil
	}
	if err := gone(err); err != nil {
		return 0, false, fmt.Errorf("reading the serial number: %w", err)
	}
	return 0, false, nil
}

// retries are the tries left for the PIN, or token.Unknown when the token does
// not say.
func (c *card) retries() (int, error) {
	n, err := c.yk.Retries()
	if err == nil {
		return n, nil
	}
	if err := gone(err); err != nil {
		return 0, fmt.Errorf("reading the tries left: %w", err)
	}
	return token.Unknown, nil
}
