package credproc

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/mfad/mfad/credproc/config"
	"github.com/mfad/mfad/internal/human"
)

// SessionInfo is a cached session without its secrets.
type SessionInfo struct {
	ID          string // stable while the same session is renewed
	Kind        config.StepKind
	AccessKeyID string
	Identity    string // the role, or the access key that it is a session of
	Account     string // 12 digits when known
	Serial      string // the MFA device that was asked for a code
	Profiles    []string
	Expires     time.Time
	Refreshing  bool
	Fault       string // why the last renewal failed
}

// session is a cache entry. The fields above the gap never change; those below
// are guarded by the cache's mutex.
type session struct {
	key     sessionKey
	creds   Credentials
	info    SessionInfo // without what changes
	end     deadline
	renewAt time.Duration // life left from which it is renewed in the background

	profiles map[string]struct{}
	renewing bool
	fault    error
	faults   int

	// On the boot-time clock: no renewal before, and none in the background.
	heldUntil, quietUntil time.Duration
}

// cache holds the live sessions. Its mutex is held for nanoseconds: never
// while anything is made, asked or signed.
type cache struct {
	mu       sync.RWMutex
	sessions map[sessionKey]*session
	closed   bool

	// What was forgotten while sessions were being made: it holds for them too.
	making  int
	forgets []func(SessionInfo) bool
}

// find returns the session of a key and notes the profile that uses it.
func (c *cache) find(key sessionKey, profile string) *session {
	c.mu.RLock()
	s := c.sessions[key]
	known := true
	if s != nil {
		_, known = s.profiles[profile]
	}
	c.mu.RUnlock()
	if !known {
		c.mu.Lock()
		s.profiles[profile] = struct{}{}
		c.mu.Unlock()
	}
	return s
}

// begin notes that a session is being made; what it returns goes to store. End
// must follow.
func (c *cache) begin() (mark int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.making++
	return len(c.forgets)
}

func (c *cache) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.making--; c.making == 0 {
		c.forgets = nil
	}
}

// store puts a session in the place of the one that it renews, unless it has
// been forgotten since mark. It drops what has expired.
func (c *cache) store(s *session, mark int, now moment) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sweepLocked(now)
	if c.closed {
		return
	}
	if old := c.sessions[s.key]; old != nil {
		maps.Copy(s.profiles, old.profiles)
	}
	info := s.describeLocked()
	for _, forgets := range c.forgets[mark:] {
		if forgets(info) {
			return
		}
	}
	c.sessions[s.key] = s
}

// drop forgets a session that AWS refuses, unless it has been replaced.
func (c *cache) drop(key sessionKey, accessKeyID string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.sessions[key]; s != nil && s.creds.AccessKeyID == accessKeyID {
		delete(c.sessions, key)
	}
}

func (c *cache) forget(which func(SessionInfo) bool) (forgotten int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.making > 0 {
		c.forgets = append(c.forgets, which)
	}
	for key, s := range c.sessions {
		if which(s.describeLocked()) {
			delete(c.sessions, key)
			forgotten++
		}
	}
	return forgotten
}

func (c *cache) list(now moment) []SessionInfo {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sweepLocked(now)
	infos := make([]SessionInfo, 0, len(c.sessions))
	for _, s := range c.sessions {
		infos = append(infos, s.describeLocked())
	}
	slices.SortFunc(infos, func(a, b SessionInfo) int {
		return cmp.Or(a.Expires.Compare(b.Expires), cmp.Compare(a.ID, b.ID))
	})
	return infos
}

func (c *cache) sweep(now moment) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sweepLocked(now)
}

func (c *cache) sweepLocked(now moment) {
	maps.DeleteFunc(c.sessions, func(_ sessionKey, s *session) bool { return s.end.left(now) <= 0 })
}

func (c *cache) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	clear(c.sessions)
}

// beginRenewal calls start, unless the session is being renewed already or its
// last renewal failed a short while ago. Start must not block.
func (c *cache) beginRenewal(s *session, now moment, start func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || s.renewing || now.boot < max(s.heldUntil, s.quietUntil) {
		return
	}
	s.renewing = true
	start()
}

// endRenewal ends what beginRenewal began. When it failed for want of somebody
// to ask, only further tries in the background are put off: a request can ask.
func (c *cache) endRenewal(s *session, err error, now moment) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s.renewing = false
	if errors.Is(err, human.ErrNoPrompt) {
		s.quietUntil = now.boot + longestHold
	}
}

// held says that a renewal failed a short while ago: the session that lives
// still is good enough.
func (c *cache) held(s *session, now moment) bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return now.boot < s.heldUntil
}

// How long a session that could not be renewed is served without another try.
const (
	holdAfterFault = time.Minute
	longestHold    = 5 * time.Minute
)

// failed remembers why a session was not renewed, and puts off the next try:
// for its life when a person declined, else for a little longer each time.
func (c *cache) failed(s *session, err error, now moment) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case errors.Is(err, human.ErrNoPrompt), errors.Is(err, context.Canceled):
		return // the next request may come with somebody to ask, who stays
	case now.boot < s.heldUntil:
		return // another waiter for the same session was first
	case errors.Is(err, human.ErrDismissed):
		s.heldUntil = s.end.boot
	default:
		hold := min(holdAfterFault<<min(s.faults, 8), longestHold)
		s.heldUntil = now.boot + hold - rand.N(hold/8)
	}
	s.fault, s.faults = err, s.faults+1
}

func (s *session) describeLocked() SessionInfo {
	info := s.info
	info.Profiles = slices.Sorted(maps.Keys(s.profiles))
	info.Refreshing = s.renewing
	if s.fault != nil {
		info.Fault = s.fault.Error()
	}
	return info
}
