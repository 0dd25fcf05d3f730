//go:build cgo && (linux || darwin)

package pcsc

import "slices"

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

// Keeps tells whether the card that a reader has at st is in it still at later:
// it has not gone, nor gone and come back.
func (st State) Keeps(later State, reader string) bool {
	i, j := slices.Index(st.names, reader), slices.Index(later.names, reader)
	return i >= 0 && j >= 0 && st.raw[i]&statePresent != 0 && st.raw[i]&eventful == later.raw[j]&eventful
}

// eventful is what changes of a state when a card comes or goes.
const eventful = statePresent | 0xFFFF0000

// differs says that a reader or a card came, went, or went and came back.
// Other programs that use a card make no difference.
func (st State) differs(other State) bool {
	if len(st.names) != len(other.names) {
		return true
	}
	for i, name := range st.names {
		if name != other.names[i] || st.raw[i]&eventful != other.raw[i]&eventful {
			return true
		}
	}
	return false
}
