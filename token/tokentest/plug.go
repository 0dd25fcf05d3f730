package tokentest

// plugger is a card that wants to know when it is put into a reader and pulled
// out: the latter may come while it waits in a command.
type plugger interface {
	plug()
	unplug()
}

// leaver is a card that may pull itself out: it says so before the host can
// know, and has gone when its last answer, if it gives one, is out.
type leaver interface{ leaving() bool }

var (
	_ plugger = (*YubiKey)(nil)
	_ leaver  = (*YubiKey)(nil)
)

func (y *YubiKey) plug() {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.pulled, y.leaves = make(chan struct{}), false
}

func (y *YubiKey) unplug() {
	y.mu.Lock()
	defer y.mu.Unlock()
	if !isClosed(y.pulled) {
		close(y.pulled)
	}
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func (y *YubiKey) leaving() bool {
	y.mu.Lock()
	defer y.mu.Unlock()
	return y.leaves
}
