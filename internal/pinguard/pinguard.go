// Package pinguard says how many tries of a token's PIN are kept back.
//
// A wrong PIN at the last try blocks the token, and a FIDO2 key that is blocked
// can only be erased. So with so many tries left, or fewer, nothing tries a PIN
// unless the person says yes to that very number. The helper that talks to
// tokens holds to it, and the command line warns by it.
package pinguard

// The tries that are kept back, for each kind of PIN.
const (
	PIV   = 1
	FIDO2 = 2
)
