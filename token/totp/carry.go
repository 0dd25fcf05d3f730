package totp

import "slices"

// Carry has two names be of one device from now on, such as its old serial and its
// new one: what was released under either counts for both. While the ledger is open,
// that goes for what is still to be released, too: a caller who knows the device by
// its old name, and waits, takes no step that has left under the new one. When Carry
// fails, the device keeps its old name.
func (l *Ledger) Carry(from, to string) error {
	if err := checkName(to); err != nil || from == to {
		return err
	}
	return l.commit(func(s *state) error {
		all := slices.Concat([]string{from, to}, l.same[from], l.same[to])
		slices.Sort(all)
		all = slices.Compact(all)
		for _, name := range all {
			l.same[name] = all
		}
		s.share(from, to)
		return nil
	})
}

// useElsewhere notes a step that is released of a device under its other names. The
// caller is in l.writing.
func (l *Ledger) useElsewhere(s *state, device string, step span) {
	for _, name := range l.same[device] {
		if name != device {
			s.use(name, step, 0)
		}
	}
}

// share has two devices count as used whatever was released of either.
func (s *state) share(a, b string) {
	both := s.devices[a]
	other := s.devices[b]
	for _, step := range other.spent {
		both.spent = both.spent.with(step)
	}
	both = use{until: max(both.until, other.until), spent: both.spent}
	if both.last() == 0 {
		return
	}
	s.devices[a], s.devices[b] = both, both
	for len(s.devices) > maxDevices {
		s.dropOldest()
	}
}
