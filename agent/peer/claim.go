package peer

import (
	"errors"
	"fmt"
	"strings"
)

// Claim is what a peer says of itself: any process can put what it likes
// there. Control characters are replaced. The kernel tells the numbers, the
// terminal and the lineage.
type Claim struct {
	PID       int
	Command   []string // its arguments, with its name as the first
	ParentPID int
	Parents   []string // the names of its ancestors, nearest first, without pid 1
	TTY       string   // its controlling terminal, such as "pts/3"; empty: none
	// Lineage names what the process belongs to, whichever process of its kind
	// asks: what shares it shares the bounds of one caller. Empty: not known.
	Lineage string
}

// errEnded says that the peer ended, so that its pid may be another's by now.
var errEnded = errors.New("the process has ended")

// Describe reads the peer's command line and ancestors from the system. Each
// call reads anew; a process that has ended, or changes its pid meanwhile, is
// an error. Arguments can hold secrets: show a Claim to the person, keep it
// out of logs.
func (p Peer) Describe() (Claim, error) {
	if p.conn == nil || p.PID == 0 {
		return Claim{}, errors.New("describing the peer: the system does not tell its process")
	}
	c, err := p.describe()
	if err != nil {
		return Claim{}, fmt.Errorf("describing process %d: %w", p.PID, err)
	}
	return c, nil
}

// Short is the one who asks in a word, such as make[4711]: the parent of ours,
// who asks for somebody, and else the process itself.
func (c Claim) Short() string {
	switch {
	case len(c.Command) == 0:
		return ""
	case len(c.Parents) > 0 && (c.Command[0] == "mfad" || c.Command[0] == "mfad-cli"):
		return fmt.Sprintf("%s[%d]", c.Parents[0], c.ParentPID)
	}
	return fmt.Sprintf("%s[%d]", c.Command[0], c.PID)
}

// String is a line such as: "aws s3 ls" (pid 4711) of zsh < tmux.
func (c Claim) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%q (pid %d)", strings.Join(c.Command, " "), c.PID)
	for i, name := range c.Parents {
		if i == 0 {
			b.WriteString(" of ")
		} else {
			b.WriteString(" < ")
		}
		b.WriteString(name)
	}
	return b.String()
}
