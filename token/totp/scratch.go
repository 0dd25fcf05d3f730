package totp

// scratch is the room in which one text is taken apart: pieces of its secret stand
// there, which are wiped together.
type scratch struct{ rooms [][]byte }

// room is empty room for size bytes. Who appends more leaves a copy outside.
func (s *scratch) room(size int) []byte {
	r := make([]byte, size)
	s.rooms = append(s.rooms, r)
	return r
}

func (s *scratch) copy(text []byte) []byte {
	r := s.room(len(text))
	copy(r, text)
	return r
}

func (s *scratch) wipe() {
	for _, r := range s.rooms {
		clear(r)
	}
}
