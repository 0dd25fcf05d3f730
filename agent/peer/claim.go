package peer

import (
	"errors"
	"fmt"
	"strings"
)

// Claim is what a peer says of itself: any process can put what it likes
// there. Control characters are replaced. The kernel tells the numbers and the
// terminal.
type Claim struct {
	PID       int
	Command   []string // its arguments, with its name as the first
	ParentPID int
	Parents   []string // the names of its ancestors, nearest first, without pid 1
	TTY       string   // its controlling terminal, such as "pts/3"; empty: none
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

// Lineage names what the peer belongs to, whichever process of its kind asks: what
// shares it shares the bounds of one caller. The kernel tells it. It takes longer
// than a Claim, and a request whose answer is known needs none. Each call reads
// anew; a process that has ended is an error.
func (p Peer) Lineage() (string, error) {
	if p.conn == nil || p.PID == 0 {
		return "", errors.New("the lineage of the peer: the system does not tell its process")
	}
	found, err := p.lineage()
	if err != nil {
		return "", fmt.Errorf("the lineage of process %d: %w", p.PID, err)
	}
	return found, nil
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
