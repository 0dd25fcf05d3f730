package token

import (
	"context"
	"time"

	"github.com/mfad/mfad/internal/human"
)

// Hurry gives the program of h less time than is usual.
func (h *Helper) Hurry(silence, touch, slack, whole, grace time.Duration) {
	h.limits = limits{silence, touch, slack, whole, grace}
}

// Lanes is how many lanes h keeps.
func (h *Helper) Lanes() int {
	h.lanes.mu.Lock()
	defer h.lanes.mu.Unlock()
	return len(h.lanes.names)
}

// Codes are the errors that cross to the agent.
func Codes() []error {
	return []error{
		ErrHelper, ErrNoService, ErrNotPresent, ErrAmbiguous, ErrRemoved, ErrBusy, ErrPIN, ErrPINBlocked, ErrPINGuard,
		ErrNoPIN, ErrTouch, ErrAccessCode, ErrManagementKey, ErrExists, ErrNoCredential, ErrFull, ErrUnsupported,
		ErrInvalid, human.ErrDismissed,
	}
}

// Scrub is what of an environment the program gets.
var Scrub = passing.Scrub

// Quiet waits until the programs that were given up have ended.
func (h *Helper) Quiet() {
	leave, err := h.lanes.enter(context.Background(), append([]string{KindFIDO2}, anyLane...))
	if err == nil {
		leave()
	}
}
