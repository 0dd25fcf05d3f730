// Package screentest is a person at a terminal, for tests of programs that ask
// on one: a [Screen] reads what a program shows, and types. The terminal is a
// pseudo terminal of the kernel, so that echo, line editing and the interrupt
// key are the real ones.
//
// It starts no program, and it is no emulator: what moves a cursor or sets a
// colour is text to it, as is what was erased again. It is on Linux alone.
package screentest
