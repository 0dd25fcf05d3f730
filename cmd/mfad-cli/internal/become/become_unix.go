//go:build unix

package become

import "golang.org/x/sys/unix"

func become(path string, args, environ []string) error { return unix.Exec(path, args, environ) }
