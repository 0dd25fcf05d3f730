// Mfad-token is the program that touches hardware tokens. mfad-agent runs one
// for each operation and speaks JSON-RPC with it over its standard streams
// (package token has the protocol); what the person must be asked or told goes
// back that way. It alone links the C libraries of PC/SC and FIDO2: a crash, a
// hung call or a PIN left in C's memory ends with the process.
//
// Under the name age-plugin-mfad it is a plugin of age, with the same keys: the
// stock age opens with it what mfad has wrapped for a token.
//
// It keeps nothing, reads no configuration, and decides nothing about vaults.
package main
