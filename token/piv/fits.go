package piv

import (
	"fmt"

	"filippo.io/age"
)

// Fits says whether one of the stanzas is for the key of i; else the error
// wraps token.ErrInvalid. It needs no token.
func Fits(i Identity, stanzas []*age.Stanza) error {
	if _, err := pick(i, stanzas); err != nil {
		return fmt.Errorf("opening with a PIV key: %w", err)
	}
	return nil
}
