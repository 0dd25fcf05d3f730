// Package inherited closes what a program has open that it did not open. A
// descriptor that a shell passed on by accident keeps a lock held, a pipe open
// or a disk mounted for as long as the program runs.
package inherited

// Close closes the descriptors from 3 on that were there when the program was
// executed, but for those that it is told to keep. It recognises them by the
// close-on-exec flag, which they cannot have and all that Go opens has; so that
// no library in C must have opened any before. It is for programs that outlive
// their caller or hold secrets; a program that others pass files through, such
// as `mfad exec`, must leave them alone.
func Close(keep ...int) { closeBut(keep) }
