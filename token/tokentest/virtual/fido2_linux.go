package main

import (
	"fmt"
	"time"

	"github.com/mfad/mfad/token/tokentest/ctap"
)

// plugFIDO2 plugs in a FIDO2 key with the PIN of the YubiKeys.
func plugFIDO2(touch time.Duration) (path string, unplug func(), err error) {
	key, err := ctap.New(ctap.Options{PIN: "123456"})
	if err != nil {
		return "", nil, fmt.Errorf("plugging in the FIDO2 key: %w", err)
	}
	key.SetTouch(ctap.Touch(touch))
	return key.Path(), key.Close, nil
}
