package credproc

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/mfad/mfad/internal/errcode"
)

// refusals remembers what AWS refused a request that carried a code, so that who
// tries again at once spends no code on the same answer.
type refusals struct {
	mu   sync.Mutex
	list map[question]refused
}

// question is what AWS was asked for, and by whom.
type question struct {
	session sessionKey
	keyID   string
}

// refused is AWS's answer, by the clock that nobody can set.
type refused struct {
	err       error
	at, until time.Duration
}

// How long a refusal is believed. What is denied may be allowed by somebody else
// a moment later; a parameter is AWS's rule or the role's.
const (
	deniedFor  = 2 * time.Minute
	invalidFor = 10 * time.Minute
)

// believedFor is how long an error holds for whoever asks the same again.
func believedFor(err error) time.Duration {
	var refusal *RefusalError
	switch {
	case !errors.As(err, &refusal):
	case errors.Is(refusal.Class, errcode.Invalid):
		return invalidFor
	case errors.Is(refusal.Class, ErrDenied), errors.Is(refusal.Class, ErrDeviceRefused), errors.Is(refusal.Class, ErrKeyRefused):
		return deniedFor
	}
	return 0
}

// note remembers an error, if it holds for whoever asks the same again.
func (r *refusals) note(asked question, err error, now moment) {
	life := believedFor(err)
	if life == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for other, old := range r.list {
		if now.boot >= old.until {
			delete(r.list, other)
		}
	}
	if r.list == nil {
		r.list = make(map[question]refused)
	}
	r.list[asked] = refused{err, now.boot, now.boot + life}
}

// find is what AWS refused the same request a moment ago; nil when nothing.
func (r *refusals) find(asked question, now moment) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	old, known := r.list[asked]
	if !known || now.boot >= old.until {
		return nil
	}
	return fmt.Errorf("AWS was asked %s ago, and no code is spent on asking again for %s: %w",
		(now.boot - old.at).Round(time.Second), (old.until - now.boot).Round(time.Second), old.err)
}

// forget has every request be asked again.
func (r *refusals) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.list)
}
