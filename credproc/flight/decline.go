package flight

import "slices"

// tiredAfter is how often one peer declines before nobody else of that peer is
// asked: it is one person who says no.
const tiredAfter = 2

// decline ends the call of who has declined. It is false when nobody is left to
// ask: then the work ends with the error, and who comes later begins anew.
func (a *asking[A]) decline(e ending[A]) bool {
	peer := a.spots[e.waiter].Peer
	a.declines[peer]++
	tired := peer != "" && a.declines[peer] >= tiredAfter
	a.mu.Lock()
	defer a.mu.Unlock()
	var alike []*waiter[A]
	for _, each := range a.present {
		if each == e.waiter || tired && a.spots[each].Peer == peer && !a.isOpen(each) {
			alike = append(alike, each)
		}
	}
	if !a.othersLocked(alike...) {
		a.judgeAll = a.Judge
		return false
	}
	for _, each := range alike {
		a.endLocked(each, e.err)
	}
	return true
}

// Blame ends the call of the waiter who answered last with err, for the answer
// would not do. Within tells whether the waiter is several, of whom another can be
// asked; then that one's call goes on. It is false, and nothing ends, when nobody
// else waits.
func (w *Waiters[A]) Blame(err error, within func(asker A) bool) bool {
	w.mu.Lock()
	answered := w.answered
	w.mu.Unlock()
	if answered == nil {
		return false
	}
	if within(answered.asker) {
		return true
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.othersLocked(answered) {
		return false
	}
	w.answered = nil
	w.endLocked(answered, err)
	return true
}

// othersLocked says that somebody else waits.
func (w *Waiters[A]) othersLocked(than ...*waiter[A]) bool {
	for _, each := range w.present {
		if !slices.Contains(than, each) && each.ctx.Err() == nil {
			return true
		}
	}
	return false
}

// endLocked takes a waiter off, whose Do returns err.
func (w *Waiters[A]) endLocked(one *waiter[A], err error) {
	w.leaveLocked(one)
	one.ended = err
	signal(one.wake)
}
