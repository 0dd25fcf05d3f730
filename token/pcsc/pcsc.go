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
// A process works with one card at a time. To find a handle, libpcsclite (1.9.9)
// walks the handles of all of the process's connections while other threads add
// and remove theirs, and crashes now and then when several are at work.
//
// The package sends bytes and understands none of them: applets are for the
// packages token/oath, token/piv and token/yubikey. It needs cgo, does not know
// Windows, and has nothing to offer in a build without.
package pcsc
