package main

// The exit codes, as `mfad help exit-codes` tells them.
const (
	exitOK = iota
	exitError
	exitUsage
	exitPerson
	exitMissing
	exitRefused
	exitAgent
	exitLater

	exitNotRunnable = 126 // exec, as shells have it
	exitNotFound    = 127
	exitInterrupted = 130 // 128 + SIGINT
)
