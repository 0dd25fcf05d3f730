//go:build !windows

package environ

func canonical(name string) string { return name }
