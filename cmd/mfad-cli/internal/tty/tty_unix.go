//go:build unix

package tty

const device = "/dev/tty"
