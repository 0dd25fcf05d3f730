package piv

import (
	"fmt"
	"strconv"

	"github.com/mfad/mfad/token"
)

// The retired slots; they hold what nothing but a decryption wants.
const (
	firstRetired = 0x82
	lastRetired  = 0x95
)

// retired are the retired slots.
var retired = slots[4:]

// slots are those that hold a key, in the order in which they are shown.
// NIST SP 800-73-4 part 1, table 4b.
var slots = func() []byte {
	all := []byte{0x9a, 0x9c, 0x9d, 0x9e}
	for s := byte(firstRetired); s <= lastRetired; s++ {
		all = append(all, s)
	}
	return all
}()

func checkSlot(slot byte) error {
	switch {
	case slot == 0x9a, slot >= 0x9c && slot <= 0x9e, slot >= firstRetired && slot <= lastRetired:
		return nil
	}
	return fmt.Errorf("%w: there is no slot %02x for keys", token.ErrInvalid, slot)
}

// parseSlot parses two hexadecimal digits.
func parseSlot(text string) (byte, error) {
	n, err := strconv.ParseUint(text, 16, 8)
	if err != nil || len(text) != 2 {
		return 0, fmt.Errorf("%w: slot %q is not two hexadecimal digits such as 82", token.ErrInvalid, text)
	}
	return byte(n), checkSlot(byte(n))
}

func slotName(slot byte) string { return fmt.Sprintf("%02x", slot) }
