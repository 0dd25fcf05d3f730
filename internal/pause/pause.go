// Package pause is for who tries again and again until another process of this
// machine is done: a lock that is held, a socket whose queue is full.
//
// The first pause is a millisecond, and each is twice as long as the one before,
// up to a twentieth of a second: so a short wait stays short, and a long one costs
// little. What is far away, such as AWS, wants longer pauses with chance in them,
// and has its own.
package pause

import (
	"context"
	"time"
)

const (
	first = time.Millisecond
	most  = 50 * time.Millisecond
)

// Growing is the pauses between the tries of one thing. The zero value is ready.
type Growing struct{ last time.Duration }

// Wait waits for as long as it is time to, or for ctx, whose cause it returns.
func (g *Growing) Wait(ctx context.Context) error {
	g.last = min(max(first, 2*g.last), most)
	select {
	case <-time.After(g.last):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
