//go:build cgo && (linux || darwin)

package pcsc

// Busy is the error of a card that another program holds: it wraps
// token.ErrBusy and names the program that most likely does. It is for those
// who talk to cards through another library.
func Busy() error { return busy() }
