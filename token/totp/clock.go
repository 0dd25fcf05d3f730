package totp

import (
	"math"
	"time"
)

// Clock is how a ledger reads the time: by the wall clock, which can be set, and
// by one that nobody can set, which tells when the other was.
type Clock struct {
	Now func() time.Time // the wall clock, such as [time.Now]
	// Boot is the time since the machine started, suspend included; nil is
	// unknown, as the BootID then is.
	Boot func() time.Duration
	// BootID tells one start of the machine from all others; empty is unknown.
	BootID string
}

// moment is one reading of both clocks.
type moment struct {
	wall   time.Time // without a monotonic reading
	boot   time.Duration
	bootID string // empty: boot tells nothing
}

// filled puts what a nil field stands for into its place.
func (c Clock) filled() Clock {
	if c.Boot == nil {
		start := time.Now()
		c.Boot, c.BootID = func() time.Duration { return time.Since(start) }, ""
	}
	return c
}

func (c Clock) read() moment { return moment{c.Now().Round(0), c.Boot(), c.BootID} }

// anchor is when AWS told its time, by both clocks, in milliseconds.
type anchor struct {
	BootID string `json:"bootID"`
	Boot   int64  `json:"boot"`
	Wall   int64  `json:"wall"`
}

func (m moment) anchor() anchor {
	if m.bootID == "" {
		return anchor{}
	}
	return anchor{m.bootID, m.boot.Milliseconds(), m.wall.UnixMilli()}
}

// jump is by how much the wall clock was set since a; known is false when
// nothing tells.
func (a anchor) jump(m moment) (by time.Duration, known bool) {
	if a.BootID == "" || a.BootID != m.bootID {
		return 0, false
	}
	ms := m.wall.UnixMilli() - a.Wall - (m.boot.Milliseconds() - a.Boot)
	const most = math.MaxInt64 / int64(time.Millisecond)
	return time.Duration(min(max(ms, -most), most)) * time.Millisecond, true
}
