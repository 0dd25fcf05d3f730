package totp

import (
	"maps"
	"time"
)

// maxDevices is how many devices are told apart.
const maxDevices = 1000

// state is what a ledger knows. Times are Unix seconds on AWS's clock.
type state struct {
	skew     time.Duration // to add to our clock; no more than mostSkew
	observed time.Duration // what AWS said, when that is more; else 0
	learned  anchor        // when AWS said it
	floor    int64         // every device counts as used until then
	devices  map[string]use
	others   spans // released of devices that are not told apart any more
}

// use is what was released of a device.
type use struct {
	// until is the end of the last released step: a step before it is not worth
	// releasing, until AWS's word brings it down.
	until  int64
	before int64  // what until was before, for Return
	id     uint64 // of the Step that may be returned; 0 for none
	// spent is all that was released, whatever the clock said then: none of it is
	// released again.
	spent spans
}

// last is the end of all that was released.
func (u use) last() int64 {
	if n := len(u.spent); n > 0 {
		return max(u.until, u.spent[n-1].to)
	}
	return u.until
}

func (s state) clone() state {
	s.devices = maps.Clone(s.devices)
	if s.devices == nil {
		s.devices = map[string]use{}
	}
	return s
}

// clock is AWS's time, as far as we know it.
func (s state) clock(local time.Time) time.Time { return local.Add(s.skew) }

// wait is the time from now to the start of the first step that was not used:
// 0 when that is the current one.
func (s state) wait(device string, now time.Time, period time.Duration) time.Duration {
	u, p, current := s.devices[device], seconds(period), stepStart(now, period)
	start := max(current, (max(u.until, s.floor)+p-1)/p*p)
	for found := int64(-1); found != start; {
		found = start
		start = s.others.next(u.spent.next(start, p), p)
	}
	if start == current {
		return 0
	}
	return time.Unix(start, 0).Sub(now)
}

// use notes that a step is released.
func (s *state) use(device string, step span, id uint64) {
	u := s.devices[device]
	s.devices[device] = use{max(u.until, step.to), u.until, id, u.spent.with(step)}
	if len(s.devices) > maxDevices {
		s.dropOldest()
	}
}

// undo takes back that a step, the device's last, was released.
func (s *state) undo(device string, step span) {
	u := s.devices[device]
	u = use{until: u.before, spent: u.spent.without(step)}
	if u.last() == 0 {
		delete(s.devices, device)
		return
	}
	s.devices[device] = u
}

// dropOldest tells the device no more apart whose steps are the longest past.
func (s *state) dropOldest() {
	var oldest string
	for name, u := range s.devices {
		if oldest == "" || u.last() < s.devices[oldest].last() {
			oldest = name
		}
	}
	for _, step := range s.devices[oldest].spent {
		s.others = s.others.with(step)
	}
	delete(s.devices, oldest)
}

func stepStart(now time.Time, period time.Duration) int64 {
	return now.Unix() - now.Unix()%seconds(period)
}

func seconds(d time.Duration) int64 { return int64(d / time.Second) }

// roundUp is the first whole second that is not before t.
func roundUp(t time.Time) int64 { return t.Add(time.Second - time.Nanosecond).Unix() }
