package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/mfad/mfad/token/tokentest/ctap"
)

// fido2Key is one key as --fido2 and --fido2-like describe it.
type fido2Key = ctap.Options

// parseFIDO2 reads the words of --fido2-like, parted by commas.
func parseFIDO2(text string) (fido2Key, error) {
	o := ctap.Options{PIN: "123456"}
	for word := range strings.SplitSeq(text, ",") {
		name, value, _ := strings.Cut(word, "=")
		switch name {
		case "plain":
		case "no-pin":
			o.PIN = ""
		case "always-uv":
			o.AlwaysUV = true
		case "biometric":
			o.Biometric = true
		case "u2f-only":
			o.U2FOnly = true
		case "no-hmac-secret":
			o.NoHMACSecret = true
		case "id-length":
			var err error
			if o.IDLength, err = parseWithin(value, 1, 1023); err != nil {
				return o, err
			}
		default:
			return o, fmt.Errorf("%q is none of plain, no-pin, always-uv, biometric, u2f-only, no-hmac-secret, id-length=N", word)
		}
	}
	return o, nil
}

// plugFIDO2 plugs in a FIDO2 key; a PIN that it has is that of the YubiKeys.
func plugFIDO2(o fido2Key, touch time.Duration) (path string, unplug func(), err error) {
	key, err := ctap.New(o)
	if err != nil {
		return "", nil, fmt.Errorf("plugging in the FIDO2 key: %w", err)
	}
	key.SetTouch(ctap.Touch(touch))
	return key.Path(), key.Close, nil
}
