//go:build linux || darwin

package peer

import (
	"path/filepath"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of what is shown: a claim fits a line or two. Each parent costs a
// connection 6 µs.
const (
	maxParents  = 4
	maxArgument = 80 // runes
	maxCommand  = 24 // arguments
)

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

// claim is what a process says of itself, and what the kernel adds.
func (p process) claim(pid int, args []string, look func(pid int) (process, error)) Claim {
	return Claim{
		PID: pid, Command: command(args), ParentPID: p.parent, Parents: ancestors(p.parent, look),
		TTY: p.tty,
	}
}

// ancestors walks up from pid until pid 1, a loop's bound, or a process that
// is not to be read.
func ancestors(pid int, look func(pid int) (process, error)) []string {
	var names []string
	for range maxParents {
		p, err := look(pid)
		if err != nil || pid <= 1 {
			break
		}
		name := printable(p.name)
		if name == "" {
			name = strconv.Itoa(pid)
		}
		names = append(names, name)
		pid = p.parent
	}
	return names
}
