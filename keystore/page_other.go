//go:build unix && !linux

package keystore

// shield does nothing: only Linux knows advice for dumps and forks.
func shield([]byte) {}
