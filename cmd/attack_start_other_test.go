//go:build !linux

package cmd_test

func playSpy() bool { return false }
