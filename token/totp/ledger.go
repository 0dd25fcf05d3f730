package totp

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/mfad/mfad/internal/durable"
	"github.com/mfad/mfad/internal/lane"
)

// A Ledger remembers the steps whose codes were released, per device, over
// restarts: AWS takes no code twice, and no step leaves twice, whatever is done
// to the wall clock. It also keeps the skew, the time to add
// to our clock to get AWS's.
//
// It is safe for concurrent use within one process; two processes must not
// open the same file, which the agent's own lock sees to.
type Ledger struct {
	fsys    durable.FS
	path    string
	clock   Clock
	damage  string
	writing lane.Lane           // of who makes the next state and writes it
	ids     uint64              // of steps; guarded by writing
	same    map[string][]string // the names of one device, by each of them; guarded by writing

	mu     sync.Mutex
	state  state         // replaced whole, never changed in place
	told   bool          // AWS's time, since the ledger was opened
	toldAt time.Duration // when, by the clock's Boot
	queues map[string]*queue
}

// OpenLedger reads the ledger at path, whose folder it makes (0700) if it
// must; without a file it is empty. Of a damaged file nothing is believed:
// every device counts as used up to now, so that the next step's code is the
// first to be released, and the first release writes the file anew.
func OpenLedger(fsys durable.FS, path string, clock Clock) (*Ledger, error) {
	l := &Ledger{fsys: fsys, path: path, clock: clock.filled(), writing: lane.New(), queues: map[string]*queue{}, same: map[string][]string{}}
	s, err := readState(fsys, path)
	var damaged *damagedError
	switch {
	case errors.As(err, &damaged):
		l.damage = err.Error()
		s = state{floor: roundUp(clock.Now())}
	case err != nil:
		return nil, err
	}
	l.state = s
	return l, nil
}

// Damage says in a line what [OpenLedger] found wrong with the file; empty
// when nothing was. It is for a log: the ledger goes on in safety.
func (l *Ledger) Damage() string { return l.damage }

// A Step is a time step whose code was released to one caller.
type Step struct {
	At      time.Time // in the step, on AWS's clock: what [Key.Code] wants
	Expires time.Time // its end, on this machine's clock

	ledger *Ledger
	device string
	id     uint64
	whole  span
}

// Take releases the current step of a device, once: when it is used already,
// Take waits for the next, in the order of the callers, and calls notice once
// (unless it is nil) with the time that this is going to take. The release is
// on the disk before Take returns; when it cannot be written there is no step.
// Device is the serial or any other name of up to 256 printable bytes. Take
// returns an [*AheadError] rather than wait for minutes, and an error that
// wraps the cause of ctx when ctx ends first.
func (l *Ledger) Take(ctx context.Context, device string, period time.Duration, notice func(wait time.Duration)) (Step, error) {
	if err := checkDevice(device, period); err != nil {
		return Step{}, err
	}
	w, before := l.join(device)
	defer l.leave(device, w)
	var once sync.Once
	tell := func(wait time.Duration) {
		if notice != nil {
			once.Do(func() { notice(wait) })
		}
	}
	if before > 0 {
		s := l.settled()
		tell(s.wait(device, s.clock(l.clock.Now()), period) + time.Duration(before)*period)
	}
	for pause := time.Duration(0); ; {
		if err := w.await(ctx, pause); err != nil {
			return Step{}, fmt.Errorf("waiting for the next code of device %q: %w", device, err)
		}
		step, wait, err := l.release(device, period)
		if err != nil || wait == 0 {
			return step, err
		}
		tell(wait)
		// The wall clock may be set, and stands still for timers while the
		// machine sleeps: look again every second.
		pause = min(wait, time.Second)
	}
}

// release writes the current step down as used, or says how long it is until
// there is one to use.
func (l *Ledger) release(device string, period time.Duration) (Step, time.Duration, error) {
	var step Step
	var wait time.Duration
	err := l.commit(func(s *state) error {
		read := l.clock.read()
		local := read.wall
		s.settle(read)
		s.dropStaleSkew(device, local, period)
		now := s.clock(local)
		if now.Unix() < 0 {
			return fmt.Errorf("%w: it is before 1970", ErrClock)
		}
		if wait = s.wait(device, now, period); wait > longestWait(period) {
			return &AheadError{Device: device, By: wait, Settled: l.fresh() && s.devices[device].until <= roundUp(now)}
		}
		if wait > 0 {
			return errUnchanged
		}
		l.ids++
		at := stepStart(now, period)
		whole := span{at, at + seconds(period)}
		s.use(device, whole, l.ids)
		l.useElsewhere(s, device, whole)
		step = Step{
			At:      time.Unix(at, 0),
			Expires: time.Unix(whole.to, 0).Add(-s.skew),
			ledger:  l, device: device, id: l.ids, whole: whole,
		}
		return nil
	})
	return step, wait, err
}

// Return gives the step back, because AWS cannot have seen its code: the next
// caller may have it. It does nothing when the device has moved on, and when
// the return cannot be written.
func (s Step) Return() {
	l := s.ledger
	err := l.commit(func(next *state) error {
		if next.devices[s.device].id != s.id {
			return errUnchanged
		}
		next.undo(s.device, s.whole)
		return nil
	})
	if err == nil {
		l.wake(s.device)
	}
}

// Mark records that a code of the current step is about to be sent, for
// devices whose codes people type. When it fails the code must not be sent.
func (l *Ledger) Mark(device string, period time.Duration) error {
	if err := checkDevice(device, period); err != nil {
		return err
	}
	return l.commit(func(s *state) error {
		read := l.clock.read()
		s.settle(read)
		at := stepStart(s.clock(read.wall), period)
		whole := span{at, at + seconds(period)}
		s.use(device, whole, 0)
		l.useElsewhere(s, device, whole)
		return nil
	})
}

// NextIn is how long a person should wait until the device shows a code that
// was not used, 0 for not at all. It does not block.
func (l *Ledger) NextIn(device string, period time.Duration) time.Duration {
	if checkDevice(device, period) != nil {
		return 0
	}
	s := l.settled()
	wait := s.wait(device, s.clock(l.clock.Now()), period)
	if wait > longestWait(period) { // our clock was wrong, which the device does not mind
		return 0
	}
	return wait
}

func (l *Ledger) current() state {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state
}

// errUnchanged ends a commit that has nothing to write.
var errUnchanged = errors.New("unchanged")

// commit makes the next state from the current one, writes it, and only then
// lets it be seen.
func (l *Ledger) commit(change func(*state) error) error {
	if err := l.writing.Enter(context.Background()); err != nil { // never: nothing takes long there
		return err
	}
	defer l.writing.Leave()
	next := l.current().clone()
	switch err := change(&next); {
	case errors.Is(err, errUnchanged):
		return nil
	case err != nil:
		return err
	}
	if err := durable.WriteFile(l.fsys, l.path, next.encode(), 0o600); err != nil {
		return fmt.Errorf("recording which codes were used: %w", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.state = next
	return nil
}

func checkDevice(device string, period time.Duration) error {
	if err := checkName(device); err != nil {
		return err
	}
	return checkPeriod(period)
}

func checkName(device string) error {
	if device == "" || len(device) > maxLabel || !printable(device) {
		return fmt.Errorf("the name of an MFA device has 1 to %d printable characters", maxLabel)
	}
	return nil
}
