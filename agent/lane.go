package agent

import "context"

// lane lets one at a time through.
type lane chan struct{}

func newLane() lane { return make(lane, 1) }

// enter waits for the lane or for ctx, whose cause it returns.
func (l lane) enter(ctx context.Context) error {
	select {
	case l <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (l lane) leave() { <-l }
