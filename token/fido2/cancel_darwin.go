//go:build cgo

package fido2

import libfido2 "github.com/keys-pub/go-libfido2"

// cancel may be lost, as may any: the caller repeats it.
func cancel(d *libfido2.Device) { _ = d.Cancel() }
