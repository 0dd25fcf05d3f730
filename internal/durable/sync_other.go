//go:build !unix

package durable

// syncDir does nothing: Windows has no fsync of a folder, and NTFS journals
// renames itself.
func syncDir(string) error { return nil }
