//go:build !unix

package main

import "os"

// Windows renames no file that standard error holds open: the log is bounded when an
// agent starts, and not while it runs.
const canRedirect = false

func redirect(*os.File) {}
