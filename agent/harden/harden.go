// Package harden closes a process to its neighbours: other processes of the
// same user can then neither read its memory nor trace it, and a crash leaves
// no core. It does not keep root out, and it says nothing about children: a
// program that is executed starts open again and must harden itself. Every
// program of mfad calls it, so that it links no more than package os.
package harden

import "os"

// Process hardens the calling process. It must be the first statement of
// main: what was in memory before is not taken back. After an error the
// process must end without touching a secret.
func Process() error {
	return os.NewSyscallError("closing this process to others", process())
}
