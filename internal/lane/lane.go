// Package lane lets one at a time through, in a way that a context can end.
//
// A mutex guards maps for nanoseconds; a lane is for what waits: for a disk, a
// token, a person. It is not fair: whoever waits may be next.
package lane

import "context"

// A Lane lets one at a time through. Make it with [New].
type Lane chan struct{}

// New returns an empty lane.
func New() Lane { return make(Lane, 1) }

// Enter waits until nobody is in the lane, or for ctx, whose cause it returns.
// Who has entered leaves.
func (l Lane) Enter(ctx context.Context) error {
	select {
	case l <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Leave lets the next one in.
func (l Lane) Leave() { <-l }
