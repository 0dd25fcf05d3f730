package credproc

import "time"

// clock reads the two clocks by which a session's life is judged. The wall
// clock can be set; the boot-time clock cannot, and unlike Go's monotonic one
// it counts the time that the machine was suspended.
type clock struct {
	wall func() time.Time
	boot func() time.Duration
}

// moment is one reading of both clocks.
type moment struct {
	wall time.Time // without a monotonic reading
	boot time.Duration
}

func newClock(wall func() time.Time, boot func() time.Duration) clock {
	if wall == nil {
		wall = time.Now
	}
	if boot == nil {
		start := time.Now()
		boot = func() time.Duration { return time.Since(start) }
	}
	return clock{wall, boot}
}

func (c clock) now() moment { return moment{c.wall().Round(0), c.boot()} }

// deadline is the end of a session on both clocks, whichever comes first.
type deadline struct {
	wall time.Time
	boot time.Duration
	life time.Duration // when it was new
}

// expiry is the deadline of a session that is received now, ends at end by our
// own wall clock, and cannot live longer than longest; 0 is no bound.
func expiry(now moment, end time.Time, longest time.Duration) deadline {
	life := end.Sub(now.wall)
	if longest > 0 {
		life = min(life, longest)
	}
	return deadline{end, now.boot + life, life}
}

func (d deadline) left(now moment) time.Duration {
	return min(d.wall.Sub(now.wall), d.boot-now.boot)
}

// Sessions that live an hour or longer are handed out while they have
// handOutMargin left, for botocore asks again below 15 minutes, and are renewed
// in the background from renewMargin. Shorter ones get the same share of their life.
const (
	handOutMargin = 16 * time.Minute
	renewMargin   = 20 * time.Minute
	// signMargin is what a session needs to sign one more request to STS.
	signMargin = time.Minute
)

func (d deadline) handOut() time.Duration {
	return min(handOutMargin, time.Duration(float64(d.life)*(16.0/60)))
}

func (d deadline) renew() time.Duration { return min(renewMargin, d.life/3) }
