//go:build !linux

package main

import (
	"errors"
	"time"
)

func plugFIDO2(time.Duration) (path string, unplug func(), err error) {
	return "", nil, errors.New("--fido2 needs Linux, whose pseudo terminals pass for FIDO2 keys")
}
