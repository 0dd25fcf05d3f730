package token

import (
	"testing"
	"time"
)

// Tokens are known that blink for 30 s. Whoever stands behind a driver waits
// longer than the driver does, so that its word arrives.
func TestTouchIsWaitedForAsLongAsTokensBlink(t *testing.T) {
	if TouchLimit <= 30*time.Second || usual.touch <= TouchLimit {
		t.Errorf("a driver waits for %v, and the helper for %v", TouchLimit, usual.touch)
	}
}
