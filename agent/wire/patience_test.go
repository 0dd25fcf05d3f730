package wire

import (
	"testing"
	"time"
)

// The agent's reason arrives, and the client ends before who called it kills it:
// after 60 s, of which the door may have taken one.
func TestAgentHasTheLastWord(t *testing.T) {
	if reserve := LastWord - Patience; reserve < 2*time.Second {
		t.Errorf("the agent's answer has %v to arrive", reserve)
	}
	if left := time.Minute - time.Second - LastWord; left < 500*time.Millisecond {
		t.Errorf("the client has %v to end", left)
	}
}
