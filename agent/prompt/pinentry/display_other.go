//go:build !darwin

package pinentry

// needsDisplay: without one, a pinentry for the desktop falls back to a
// terminal that it has not, or hangs.
const needsDisplay = true
