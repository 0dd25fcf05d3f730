package serial

import (
	"cmp"
	"errors"
	"time"
)

// What AWS takes from every device that has a serial number.
const (
	Digits    = 6
	Period    = 30 * time.Second
	Algorithm = "SHA1"
)

// errForeign says what AWS takes.
var errForeign = errors.New("AWS takes 6 digits by SHA1 every 30s: it is not the seed of an AWS device")

// CheckCodes says in a sentence why AWS takes no code of a seed; nil when it may.
// What is not known of a seed, and zero, may be right.
func CheckCodes(digits int, period time.Duration, algorithm string) error {
	if cmp.Or(digits, Digits) == Digits && cmp.Or(period, Period) == Period && cmp.Or(algorithm, Algorithm) == Algorithm {
		return nil
	}
	return errForeign
}
