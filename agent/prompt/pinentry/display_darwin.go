package pinentry

// needsDisplay: pinentry-mac finds the screen by itself.
const needsDisplay = false
