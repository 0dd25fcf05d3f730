package cmd_test

import "testing"

// A move is over when the agent that made it has forgotten what it moved: the
// vault's page, the answer of age, the request to mfad-token.
func TestAgentForgetsWhatItMovedOntoAToken(t *testing.T) {
	t.Parallel()
	d := newDesk(t, 12345678).start()
	d.furnish()
	d.do("", "agent", "restart") // the one that took the seed in has had it on its way
	d.unlock()
	d.move("device", "phone")
	d.move("key", "base")
	d.do("", "credentials", "--profile", "prod")
	d.holdsNeither(d.agentPID())
}
