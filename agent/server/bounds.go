package server

// The bounds that keep one process, or a few, from shutting others out.
const (
	maxServed     = 256  // connections that are read at once; a silent one makes room
	maxPerProcess = 64   // likewise, of one process
	maxWaiting    = 2048 // accepted beyond that: they wait for a call to end
	maxCalls      = 64   // at once on one connection
)

// unread is how many bytes of answers a peer may leave unread, about: no more is
// worked on for it then.
const unread = 32 << 10

// reserved is how many descriptors the agent keeps for its own work: its files,
// the ways to AWS, programs that it runs.
const reserved = 40

// bounds are those of one server.
type bounds struct{ served, perProcess, waiting int }

// boundsFor are the bounds of a process that may have so many descriptors.
func boundsFor(descriptors int) bounds {
	connections := max(descriptors-reserved, 4)
	served := min(maxServed, max(connections*3/4, 2))
	return bounds{
		served:     served,
		perProcess: min(maxPerProcess, max(served/4, 1)),
		waiting:    min(maxWaiting, connections-served),
	}
}
