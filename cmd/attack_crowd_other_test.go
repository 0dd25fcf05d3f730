//go:build !linux

package cmd_test

func playCrowd() bool { return false }
