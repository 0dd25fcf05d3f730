//go:build !linux && !darwin && !windows

package socket

// maxPath is the least sizeof(sun_path) of any system, less its final zero.
const maxPath = 103
