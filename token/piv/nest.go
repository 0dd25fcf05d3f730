//go:build cgo && (linux || darwin)

package piv

import (
	"context"
	"errors"
	"fmt"

	pivgo "github.com/go-piv/piv-go/v2/piv"

	"github.com/mfad/mfad/internal/human"
	"github.com/mfad/mfad/token"
)

// nest is the slot that is to get a new key.
type nest struct {
	as    pivgo.Key
	among []byte // the slots that come into question; none: all retired ones

	slot   byte
	sure   bool // the token says that it is empty
	agreed bool // the person says so
}

// find finds the slot, and whether the token fits.
func (n *nest) find(c *card) error {
	if err := c.knowsPolicies(n.as.TouchPolicy); err != nil {
		return err
	}
	if err := c.isMeant(); err != nil {
		return err
	}
	var err error
	n.slot, n.sure, err = c.freeSlot(n.among)
	if err == nil && c.silent {
		// Piv-go asks there for the kind of the management key.
		err = fmt.Errorf("%w: its PIV applet, of version %s, has no GET METADATA, without which no key is made:"+
			" make one with another program, and name its slot", token.ErrUnsupported, c.version())
	}
	return err
}

// agree asks the person for a word where the token gives none: a key that was
// imported without a certificate would be overwritten.
func (o *operation) agree(ctx context.Context, n *nest) error {
	if n.sure {
		return nil
	}
	text := fmt.Sprintf("%s does not tell whether slot %s holds a key. It shows no certificate there, and no key that was made on it;"+
		" a key that was imported would be lost. Make a new key in slot %s?", o.token, slotName(n.slot), slotName(n.slot))
	answer, err := o.person.Ask(ctx, human.Question{Kind: human.Confirm, What: text})
	switch {
	case err != nil:
		return fmt.Errorf("%w: asking whether to use slot %s: %w", token.ErrSlotUnseen, slotName(n.slot), err)
	case !answer.Yes:
		return fmt.Errorf("%w: slot %s", token.ErrSlotUnseen, slotName(n.slot))
	}
	n.agreed = true
	return nil
}

// enter returns the slot to make the key in, which is looked at again: the token
// was free meanwhile.
func (c *card) enter(n *nest) (byte, error) {
	slot, sure, err := c.freeSlot(n.among)
	switch {
	case err != nil:
		return 0, err
	case sure, n.agreed && slot == n.slot:
		return slot, nil
	}
	return 0, fmt.Errorf("%w: slot %s", token.ErrSlotUnseen, slotName(slot))
}

// freeSlot finds a slot that holds nothing that is to be seen: the first of which
// the token says that it is empty, for sure; else the first that shows nothing.
func (c *card) freeSlot(among []byte) (free byte, sure bool, err error) {
	if among == nil {
		among = retired
	}
	for _, slot := range among {
		err := c.looksFree(slot)
		switch {
		case err == nil:
			return slot, true, nil
		case errors.Is(err, errUnseen) && free == 0:
			free = slot
		case gone(err) != nil:
			return 0, false, gone(err)
		}
		if free != 0 && !c.hasMetadata() {
			break // of the others it tells no more
		}
	}
	if free == 0 {
		return 0, false, fmt.Errorf("%w: its retired slots, 82 to 95 where it has them all, hold a key or a certificate", token.ErrFull)
	}
	return free, false, nil
}

// looksFree is nil if the token says that a slot is empty, and errUnseen if it
// only shows nothing there.
func (c *card) looksFree(slot byte) error {
	_, filled, err := c.certificate(slot)
	if err != nil {
		return err
	}
	if filled {
		return errTaken
	}
	_, err = c.key(slot)
	switch {
	case err == nil:
		return errTaken
	case errors.Is(err, errEmpty):
		return nil
	}
	return err
}

// errTaken: the slot holds something.
var errTaken = fmt.Errorf("%w: the slot is taken", token.ErrUnsupported)
