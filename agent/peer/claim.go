package peer

import (
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Claim is what a peer says of itself: any process can put what it likes
// there. Control characters are replaced.
type Claim struct {
	PID     int
	Command []string // its arguments, with its name as the first
	Parents []string // the names of its ancestors, nearest first, without pid 1
}

// errEnded says that the peer ended, so that its pid may be another's by now.
var errEnded = errors.New("the process has ended")

// Bounds of what is shown: a claim fits a line or two.
const (
	maxParents  = 8
	maxArgument = 80 // runes
	maxCommand  = 24 // arguments
)

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

// command makes arguments fit to be shown: its own name without the folder,
// each argument short and printable.
func command(args []string) []string {
	if len(args) > maxCommand {
		args = append(args[:maxCommand:maxCommand], "…")
	}
	shown := make([]string, len(args))
	for i, a := range args {
		if i == 0 {
			a = filepath.Base(a)
		}
		shown[i] = printable(a)
	}
	return shown
}

// printable replaces what a terminal might obey, and cuts what is long.
func printable(s string) string {
	clean := strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return '\uFFFD'
		}
		return r
	}, s)
	if runes := []rune(clean); len(runes) > maxArgument {
		return string(runes[:maxArgument-1]) + "…"
	}
	return clean
}

// ancestors walks up from pid until pid 1, a loop's bound, or a process that
// is not to be read. Look tells a process's name and its parent.
func ancestors(pid int, look func(pid int) (name string, parent int, err error)) []string {
	var names []string
	for range maxParents {
		name, parent, err := look(pid)
		if err != nil || pid <= 1 {
			break
		}
		if name = printable(name); name == "" {
			name = strconv.Itoa(pid)
		}
		names = append(names, name)
		pid = parent
	}
	return names
}
