// Package closed starts programs that are closed to their own user from their
// first moment: no process of that user can read their memory or trace them,
// not even one that was there before their first statement.
//
// A program that closes itself (package agent/harden) is open until it has done
// so, and whoever opens its memory in that time keeps it open for good. But the
// kernel closes a process as it is executed, when its user may not read the
// executable (execve(2), "non-dumpable"). So the program is executed once more,
// from a copy in memory that is sealed and that nobody may read.
//
// It is of no use against root, against who may read every file, and against a
// false program; where the system cannot do it, FromStart says so.
package closed

import "os"

// FromStart replaces the process by itself, closed, unless it was executed
// closed. It must be the first statement of main, before anything has been read
// or opened. It returns in the process that goes on: late says why that one was
// open when it started, and is nil if it was not, or if nothing keeps out the
// user as which it runs. After an error the process must end without touching
// a secret: another one traces it.
//
// The environment, the open files without the close-on-exec flag, and the
// process ID stay. The first argument becomes the path of the program as it was
// called, in the folder in which its file really is; [Executable] reads it.
func FromStart() (late, err error) { return fromStart() }

// Copy is a sealed copy of the executable file, in memory, that its own user can
// execute but not read. The caller executes it by [Path] and closes it. It is an
// error where the system has no such thing, where the user can read every file,
// and for a script, whose interpreter could not read it.
func Copy(path string) (*os.File, error) { return copyOf(path) }

// Path executes a [Copy].
func Path(f *os.File) string { return pathOf(f) }
