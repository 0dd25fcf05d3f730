//go:build !windows

package client

// passedHere is empty: there are no more than everywhere.
var passedHere []string
