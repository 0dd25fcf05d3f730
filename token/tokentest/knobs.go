package tokentest

import (
	"bytes"
	"fmt"
	"time"
)

// Action is what a [YubiKey] does at a command, by the word of a fault hook.
type Action int

const (
	// Proceed does the command and answers it.
	Proceed Action = iota
	// Answer gives the hook's answer, as it is, and does not do the command.
	Answer
	// PullOut pulls it out before the command is done.
	PullOut
	// PullOutUnanswered does the command and pulls it out before the answer.
	PullOutUnanswered
	// PullOutAnswered does the command, answers it and pulls it out.
	PullOutAnswered
)

// FaultHook is asked at each command APDU, the n-th (from 0) since the hook was
// set. It must not call the YubiKey's methods.
type FaultHook func(n int, apdu []byte) (answer []byte, do Action)

type knobs struct {
	delay   time.Duration
	fault   FaultHook
	count   int // commands since the hook was set
	journal []*Exchange
}

// Delay makes it wait before each command; 0 ends that.
func (y *YubiKey) Delay(d time.Duration) {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.knobs.delay = d
}

// Fault sets the hook that is asked at each command; nil removes it.
func (y *YubiKey) Fault(hook FaultHook) {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.knobs.fault, y.knobs.count = hook, 0
}

// Exchange is a command and its answer, nil if none came. It prints without
// what they carry, which may be secret.
type Exchange struct {
	Command, Answer []byte
}

// String tells header, lengths and status: "00 20 00 80 [8] -> 63c2 [0]".
func (e Exchange) String() string {
	c, sw := parseCommand(e.Command)
	if sw != swOK && len(e.Command) < 4 {
		return fmt.Sprintf("malformed [%d] -> %s", len(e.Command), outcome(e.Answer))
	}
	return fmt.Sprintf("%02x %02x %02x %02x [%d] -> %s", c.cla, c.ins, c.p1, c.p2, len(c.data), outcome(e.Answer))
}

// GoString keeps %#v from telling more.
func (e Exchange) GoString() string { return e.String() }

func outcome(answer []byte) string {
	if len(answer) < 2 {
		return "none"
	}
	n := len(answer) - 2
	return fmt.Sprintf("%x [%d]", answer[n:], n)
}

// Journal is what was said since the last call of [YubiKey.ClearJournal].
func (y *YubiKey) Journal() []Exchange {
	y.mu.Lock()
	defer y.mu.Unlock()
	var said []Exchange
	for _, exchange := range y.knobs.journal {
		said = append(said, *exchange)
	}
	return said
}

// ClearJournal forgets what was said.
func (y *YubiKey) ClearJournal() {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.knobs.journal = nil
}

// Command does what a YubiKey does on a command APDU, or what the knobs say.
func (y *YubiKey) Command(raw []byte) []byte {
	raw = bytes.Clone(raw)
	y.mu.Lock()
	defer y.mu.Unlock()
	exchange := &Exchange{Command: raw}
	y.knobs.journal = append(y.knobs.journal, exchange)
	out := y.obey(raw)
	exchange.Answer = bytes.Clone(out)
	return out
}

// obey asks the knobs first; y.mu is held.
func (y *YubiKey) obey(raw []byte) []byte {
	if y.knobs.delay > 0 && !y.pauseLocked(y.knobs.delay) {
		return nil
	}
	var odd []byte
	do := Proceed
	if y.knobs.fault != nil {
		n := y.knobs.count
		y.knobs.count++
		odd, do = y.knobs.fault(n, raw)
	}
	y.leaves = do == PullOut || do == PullOutUnanswered || do == PullOutAnswered
	switch do {
	case Answer:
		return append([]byte{}, odd...)
	case PullOut:
		return nil
	}
	out := y.commands.process(raw)
	if do == PullOutUnanswered || isClosed(y.pulled) {
		return nil
	}
	return out
}

// pauseLocked waits without the lock; it returns false when the card is pulled
// out meanwhile.
func (y *YubiKey) pauseLocked(d time.Duration) bool {
	pulled := y.pulled
	y.mu.Unlock()
	defer y.mu.Lock()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-pulled:
		return false
	}
}
