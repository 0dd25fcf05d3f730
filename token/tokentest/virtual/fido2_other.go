//go:build !linux

package main

import (
	"errors"
	"time"
)

type fido2Key struct{}

var errLinuxOnly = errors.New("a FIDO2 key needs Linux, whose pseudo terminals pass for it")

func parseFIDO2(string) (fido2Key, error) { return fido2Key{}, errLinuxOnly }

func plugFIDO2(fido2Key, time.Duration) (path string, unplug func(), err error) {
	return "", nil, errLinuxOnly
}
