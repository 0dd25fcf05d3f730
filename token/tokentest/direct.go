package tokentest

// Direct is a [YubiKey] that commands reach without a reader in between, for the
// tests of who sends them.
type Direct struct {
	*YubiKey
	Gone error // what Transmit returns when the token gives no answer
}

// Transmit sends a command APDU and returns the answer.
func (d Direct) Transmit(apdu []byte) ([]byte, error) {
	if answer := d.Command(apdu); answer != nil {
		return answer, nil
	}
	return nil, d.Gone
}
