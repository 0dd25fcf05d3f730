// Package fido2 opens vaults with FIDO2 keys that have the extension
// hmac-secret, through libfido2.
//
// # Format
//
// What it writes is the format of age-plugin-fido2-hmac, version 2, so that a
// file can be rescued with that plugin and the key alone:
//
//	age -d -j fido2-hmac vault.age
//
// The key makes a credential for "age-encryption.org" and keeps nothing. Its
// hmac-secret over a random salt of 32 bytes is an X25519 private key, whose
// public key is computed once, when the credential is made. To wrap a file key
// is age's own X25519 wrapping for that public key: it needs no token and no
// touch. To unwrap needs the token, a touch, and the PIN if the credential was
// made so: a key has another secret for who gave the PIN. The stanza is
//
//	-> fido2-hmac AAI SHARE PIN SALT CREDENTIAL
//	BODY
//
// with arguments in base64 without padding: the version, 2 bytes; the ephemeral
// share and, as body, the wrapped file key of an X25519 stanza, 32 bytes each;
// 1 byte that is 1 if the PIN is wanted, else 0; the salt; the credential's ID.
//
// The payload of an identity AGE-PLUGIN-MFAD-1… is
//
//	kind (1 byte, 2) | version (2 bytes, 00 02) | public key (32) | PIN (1) | salt (32) | credential ID (1 to 1023)
//
// which is, but for the kind, that of a recipient age1fido2-hmac1…: see
// [Identity.Recipient]. Nothing of it is secret. Identities of the other plugin,
// AGE-PLUGIN-FIDO2-HMAC-1… of version 2, are read too; they lack the public
// key, so that wrapping needs the token, and they open X25519 stanzas as well.
//
// # PIN
//
// Before each try the counter is read. With two tries left or fewer none is
// made unless the person says so to token.AskLastTry; a typed PIN is tried
// once; after three wrong ones in a row the key wants to be pulled out.
//
// # What it does not do
//
// It makes no resident credentials, deletes none, sets no PIN, knows no
// biometrics and does not wait for a key to be plugged in. It keeps no device
// open between two calls. libfido2 leaves copies of a PIN in memory and a call
// to a device that is silent cannot be ended: the process that links this
// package must be a short one.
package fido2
