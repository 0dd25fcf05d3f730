//go:build unix

package main

import "golang.org/x/sys/unix"

// become replaces this process by the command. It returns only when that failed.
func (c *cli) become(path string, args, environ []string) error {
	c.leave()
	return notRunnable(args[0], unix.Exec(path, args, environ))
}
