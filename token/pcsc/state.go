//go:build cgo && (linux || darwin)

package pcsc

// State is which readers there were at a moment, and which of them had a card.
// The zero value has none.
type State struct {
	names []string
	raw   []uint32 // as PC/SC has it: flags, and a count of events in the upper half
}

// Present names the readers that have a card.
func (st State) Present() []string {
	var present []string
	for i, name := range st.names {
		if st.raw[i]&statePresent != 0 {
			present = append(present, name)
		}
	}
	return present
}

// differs says that a reader or a card came, went, or went and came back.
// Other programs that use a card make no difference.
func (st State) differs(other State) bool {
	if len(st.names) != len(other.names) {
		return true
	}
	const seen = statePresent | 0xFFFF0000
	for i, name := range st.names {
		if name != other.names[i] || st.raw[i]&seen != other.raw[i]&seen {
			return true
		}
	}
	return false
}
