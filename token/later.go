package token

import (
	"sync"
	"time"
)

// Hesitation is how long an operation may be silent before the person hears what
// it may be waiting for.
const Hesitation = time.Second

// TouchLimit is how long a touch is waited for. Tokens give up on it by themselves,
// which a driver should hear of: a YubiKey after 15 s, and no token that is known
// after more than 30 s.
const TouchLimit = 35 * time.Second

// Later calls tell after a time, unless what it returns is called before. That
// also calls what tell has returned. It is for words to the person that a quick
// operation does not need.
func Later(after time.Duration, tell func() (done func())) (over func()) {
	var mu sync.Mutex
	var ended bool
	done := func() {}
	timer := time.AfterFunc(after, func() {
		mu.Lock()
		defer mu.Unlock()
		if !ended {
			done = tell()
		}
	})
	return func() {
		timer.Stop()
		mu.Lock()
		defer mu.Unlock()
		ended = true
		done()
	}
}
