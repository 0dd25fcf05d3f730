//go:build cgo && linux

package fido2

import (
	"testing"

	"github.com/mfad/mfad/token/tokentest/ctap"
)

// BenchmarkUnwrap is the key's and libfido2's time for a vault: finding the
// key, its PIN, the secret. The virtual key is touched at once.
func BenchmarkUnwrap(b *testing.B) {
	for name, usePIN := range map[string]bool{"touch": false, "PIN and touch": true} {
		b.Run(name, func(b *testing.B) {
			k := newKey(b, ctap.Options{PIN: pin})
			i := enrol(b, k, usePIN)
			stanzas := wrapFor(b, i)
			d := devices(b, k)
			for b.Loop() {
				if _, _, err := (Keys{d, typing(b, pin)}).Unwrap(b.Context(), i, stanzas); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
