// Mfad-token is the program that touches hardware tokens. mfad-agent runs one
// for each operation and speaks JSON-RPC with it over its standard streams
// (package token has the protocol); what the person must be asked or told goes
// back that way. It alone links the C libraries of PC/SC and FIDO2: a crash, a
// hung call or a PIN left in C's memory ends with the process.
//
// What it answers stands in drivers.go: a driver for each kind of key that opens
// vaults (token/serve has the service), and the operations of the OATH applet.
// The files here find the tokens in the readers, and ask for what opens them; what
// a token computes is for the rooms of package token.
//
// Under the name age-plugin-mfad it is a plugin of age, with the same keys: the
// stock age opens with it what mfad has wrapped for a token.
//
// It keeps nothing, reads no configuration, and decides nothing about vaults.
package main
