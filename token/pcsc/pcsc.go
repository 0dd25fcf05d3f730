// Package pcsc reaches smart cards, YubiKeys among them, through the PC/SC
// service of the machine: pcscd and libpcsclite on Linux, the PCSC framework on
// macOS.
//
// Cards are shared with other programs: a [Card] is connected to for one short
// piece of work, does it in a transaction, and is reset when it is closed.
// Whoever waits for a token waits by [Service.Changed] and polls nothing. A
// [Service] keeps no connection to pcscd between calls, and so does not notice
// that pcscd was restarted.
//
// The package sends bytes and understands none of them: applets are for the
// packages token/oath, token/piv and token/yubikey. It needs cgo, does not know
// Windows, and has nothing to offer in a build without.
package pcsc
