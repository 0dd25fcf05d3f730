// Package piv opens vaults with a P-256 key in the PIV applet of a YubiKey: it
// finds or makes the key, and unwraps what age wrapped for it. It reads the
// stanzas of age-plugin-yubikey (piv-p256) and age's own for such keys
// (p256tag), and writes the former, so that a key made by either tool works in
// the other.
//
// What needs no token (identities, wrapping, the formats) is pure Go. [Read] and
// an [Applet] need C and PC/SC. They hold the reader only while they work, never while a person is asked, and they block in C: when ctx ends they
// return at once, but what they had begun goes on, with the reader, until the
// token answers. They are made for a process that ends soon after.
//
// The package does not choose among tokens, reset or unblock one, change a PIN
// or a management key, or put anything in the place of a key or certificate
// that is there.
package piv
