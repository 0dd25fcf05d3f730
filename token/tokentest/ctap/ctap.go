// Package ctap is a virtual FIDO2 key for tests: a CTAP2 authenticator behind
// CTAPHID behind a pseudo terminal, which libfido2 on Linux takes for a hidraw
// node. No root and no kernel module is needed; what talks to it are the real
// libraries and programs.
//
// A [Key] has a PIN with its counters, non-resident ES256 credentials, the
// extension hmac-secret with different secrets with and without the PIN, as
// real keys have, and PIN protocols 1 and 2. It is strict: what a standard does
// not allow it refuses. Its knobs are those of a person (touch at once, late or
// never; pull out, plug in again) and of a fault (a frame lost, odd or short).
//
// [Options] make other keys of it: one that always wants its PIN, one with a finger
// on file, one from before FIDO2, one whose credentials have short or long IDs.
//
// It has no resident credentials, no credProtect, no U2F commands, no sensor and
// no credential management, and it keeps nothing on disk. A pseudo terminal
// has one reader: one program at a time may have the key open, while a hidraw
// node can be shared. Discovery by udev does not find it.
//
// The standards: CTAP 2.0 and, for PIN protocol 2, CTAP 2.1 of the FIDO
// Alliance; section numbers in the code are of CTAP 2.1 (June 2021).
package ctap
