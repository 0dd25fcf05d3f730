package tokentest

import "time"

// What [YubiKey.SetTouch] takes, besides how long a touch takes.
const (
	TouchNow   time.Duration = 0
	TouchNever time.Duration = -1
)

// touchCache is for how long a touch holds for keys with the policy "cached".
const touchCache = 15 * time.Second

// touchSensor is the golden disc.
type touchSensor struct {
	after   time.Duration // TouchNow, TouchNever or how late a touch comes
	finger  chan struct{} // not nil while it blinks
	last    time.Time     // of the last touch
	touches int
	waits   int
	onTouch func()
}

// SetTouch says when it is touched after it began to blink; the default is
// TouchNow. TouchNow also touches it if it blinks already.
func (y *YubiKey) SetTouch(after time.Duration) {
	y.mu.Lock()
	y.touch.after = after
	y.mu.Unlock()
	if after == TouchNow {
		y.Touch()
	}
}

// Touch touches it, and returns false if it did not wait for a touch.
func (y *YubiKey) Touch() bool {
	y.mu.Lock()
	defer y.mu.Unlock()
	if y.touch.finger == nil {
		return false
	}
	select {
	case y.touch.finger <- struct{}{}:
	default: // touched already
	}
	return true
}

// Touches is how often it was touched, and Waits how often it wanted to be.
func (y *YubiKey) Touches() int {
	y.mu.Lock()
	defer y.mu.Unlock()
	return y.touch.touches
}

// Waits is how often it waited for a touch, which may not have come.
func (y *YubiKey) Waits() int {
	y.mu.Lock()
	defer y.mu.Unlock()
	return y.touch.waits
}

// OnTouch calls f after each touch; f must not call the YubiKey's methods.
func (y *YubiKey) OnTouch(f func()) {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.touch.onTouch = f
}

// awaitTouch waits for a touch, with the lock let go; it returns false when
// none comes in time or the card is pulled out.
func (y *YubiKey) awaitTouch() bool {
	y.touch.waits++
	finger := make(chan struct{}, 1)
	y.touch.finger = finger
	touched := y.feel(finger, y.touch.after, y.pulled)
	y.touch.finger = nil
	if !touched {
		return false
	}
	y.touch.touches++
	y.touch.last = time.Now()
	if y.touch.onTouch != nil {
		y.touch.onTouch()
	}
	return true
}

func (y *YubiKey) feel(finger chan struct{}, after time.Duration, pulled chan struct{}) bool {
	y.mu.Unlock()
	defer y.mu.Lock()
	limit := time.NewTimer(y.options.TouchLimit)
	defer limit.Stop()
	var later <-chan time.Time
	if after >= 0 {
		timer := time.NewTimer(after)
		defer timer.Stop()
		later = timer.C
	}
	select {
	case <-later:
		return true
	case <-finger:
		return true
	case <-limit.C:
		return false
	case <-pulled:
		return false
	}
}

// recent tells whether a cached touch still holds.
func (s *touchSensor) recent() bool {
	return !s.last.IsZero() && time.Since(s.last) < touchCache
}
