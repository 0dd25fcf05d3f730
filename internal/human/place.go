package human

// Place is where an [Asker] asks, and for whom.
type Place struct {
	At   string // such as "pts/3"; empty when that is not known
	By   string // who asks, such as "make[4711]"; empty when that is not known
	Peer string // names whoever shares the bounds of one caller: see agent/peer
}

// String is the place in words: "at pts/3 by make[4711]".
func (p Place) String() string {
	text := "elsewhere"
	if p.At != "" {
		text = "at " + p.At
	}
	if p.By != "" {
		text += " by " + p.By
	}
	return text
}

// Placed is an [Asker] that knows where it asks: a call knows one place, and work
// that several wait for knows that of each, in the order in which they came.
type Placed interface{ Places() []Place }

// PlacesOf are the places where an Asker asks, as far as it knows them.
func PlacesOf(a Asker) []Place {
	if placed, ok := a.(Placed); ok {
		return placed.Places()
	}
	return nil
}

// Blamer is an [Asker] that several wait behind, each of whom may answer.
type Blamer interface {
	// Blame says that what was answered last would not do, and is not asked for
	// again there: who gave the answer gets err, and nobody else does. It is false
	// when nobody else waits; then err is for all.
	Blame(err error) (others bool)
}

// Blame is [Blamer.Blame] of an Asker, and false where one person alone is asked.
func Blame(a Asker, err error) (others bool) {
	blamer, ok := a.(Blamer)
	return ok && blamer.Blame(err)
}

// Subject is what the question asks for, in the middle of a sentence.
func (q Question) Subject() string {
	switch q.Kind {
	case Code:
		return "the code of " + q.Serial
	case Confirm:
		return "a confirmation"
	}
	return "the " + q.What
}
