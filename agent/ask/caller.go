package ask

import (
	"strconv"
	"strings"
)

// Caller is the process at the other end of a connection. All that it tells is
// claimed: it is a hint for the person, and authorises nothing.
type Caller struct{ conn Conn }

// Describe describes the process to the person; empty when that cannot be told.
func (c Caller) Describe() string {
	claim, err := c.conn.Claim()
	if err != nil {
		return ""
	}
	return claim.String()
}

// Name is Describe without arguments, which may hold secrets, for a log.
func (c Caller) Name() string {
	claim, err := c.conn.Claim()
	if err != nil || len(claim.Command) == 0 {
		return ""
	}
	return strings.Join(append(claim.Command[:1:1], claim.Parents...), " < ")
}

// short is the process, or who has it ask, in a word; empty when that cannot be
// told.
func (c Caller) short() string {
	claim, err := c.conn.Claim()
	if err != nil {
		return ""
	}
	return claim.Short()
}

// terminal is the process's controlling terminal; empty when that cannot be told.
func (c Caller) terminal() string {
	claim, err := c.conn.Claim()
	if err != nil {
		return ""
	}
	return claim.TTY
}

// unknown is the peer of all processes of which the system does not tell whose
// they are, such as one that has ended.
const unknown = "unknown"

// peer names what the process shares its bounds with: see [peer.Peer.Lineage].
func (c Caller) peer() string {
	lineage, err := c.conn.Lineage()
	if err != nil {
		return unknown
	}
	if lineage != "" {
		return lineage
	}
	claim, err := c.conn.Claim()
	if err != nil {
		return unknown
	}
	return "process " + strconv.Itoa(claim.PID)
}
