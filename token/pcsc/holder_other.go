//go:build cgo && darwin

package pcsc

// holder names the program that most likely holds a card: macOS does not tell
// what others have loaded.
func holder() string { return "" }
