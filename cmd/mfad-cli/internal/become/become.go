// Package become has another program take the place of this one: the same
// process, terminal and signals, another command.
//
// It looks nothing up and decides nothing about the environment: "mfad exec"
// does. Whatever this process should let go of, its caller lets go of before.
package become

// Become replaces this process by the program at path, run with args (the first
// is its name) in environ. Where the system can, it returns only an error that
// says why the program could not be run. On Windows, which cannot replace a
// process, it returns when the program has ended: nil, or an [*exec.ExitError]
// with its exit code.
//
// [*exec.ExitError]: https://pkg.go.dev/os/exec#ExitError
func Become(path string, args, environ []string) error { return become(path, args, environ) }
