package edit

import (
	"bytes"
	"slices"
	"strings"

	"github.com/mfad/mfad/credproc/config/syntax"
)

// edit is a change of a document: lines to drop, and text to put before lines.
// Lines count from 1; one past the last is the end of the file.
type edit struct {
	drop   map[int32]bool
	before map[int32][]string
}

func newEdit() *edit { return &edit{map[int32]bool{}, map[int32][]string{}} }

func (e *edit) dropLines(from, to int32) {
	for line := from; line <= to; line++ {
		e.drop[line] = true
	}
}

func (e *edit) insert(line int32, text ...string) {
	e.before[line] = append(e.before[line], text...)
}

// apply makes the text of the edited document. Every byte that the edit does
// not name stays: inserted lines take the file's line ending unless they bring
// one, and a file without a newline at its end stays without.
func (e *edit) apply(d *syntax.Document) []byte {
	old := d.Lines()
	var lines []string
	for i := range len(old) + 1 {
		lines = append(lines, e.before[int32(i+1)]...)
		if i < len(old) && !e.drop[int32(i+1)] {
			lines = append(lines, old[i])
		}
	}
	ending := "\n"
	if len(old) > 0 && strings.HasSuffix(old[0], "\r\n") {
		ending = "\r\n"
	}
	var out bytes.Buffer
	if bytes.HasPrefix(d.Data, []byte(syntax.BOM)) {
		out.WriteString(syntax.BOM)
	}
	openEnd := len(old) > 0 && !strings.HasSuffix(old[len(old)-1], "\n")
	for i, line := range lines {
		last := i == len(lines)-1
		switch ended := strings.HasSuffix(line, "\n"); {
		case last && openEnd && ended && trimEnding(line) != "": // an empty one would be lost
			line = trimEnding(line)
		case !(last && openEnd) && !ended:
			line += ending
		}
		out.WriteString(line)
	}
	return out.Bytes()
}

func trimEnding(line string) string {
	return strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
}

// endOf is one past the last line.
func endOf(d *syntax.Document) int32 { return int32(len(d.Lines())) + 1 }

// appendSection puts a section at the end, after an empty line.
func (e *edit) appendSection(d *syntax.Document, lines ...string) {
	end := endOf(d)
	if end > 1 {
		e.insert(end, "")
	}
	e.insert(end, lines...)
}

// dropSection takes a section away, from its header to its last setting or
// our mark, and the empty line above that appendSection put there. What
// follows may be about the next section, and stays.
func (e *edit) dropSection(d *syntax.Document, s syntax.Section) {
	lines := d.Lines()
	last := d.LastSetting(s)
	if body := d.Body(s); len(body) > 0 && isMark(body[0]) {
		last = max(last, s.Line+1)
	}
	e.dropLines(s.Line, last)
	if s.Line > 1 && strings.Trim(trimEnding(lines[s.Line-2]), syntax.Blanks) == "" {
		e.drop[s.Line-1] = true
	}
}

// leavesOnly says that below a line the edit leaves nothing but blank lines.
func (e *edit) leavesOnly(d *syntax.Document, line int32) bool {
	for i, text := range d.Lines() {
		n := int32(i + 1)
		if n > line && !e.drop[n] && strings.Trim(trimEnding(text), syntax.Blanks) != "" {
			return false
		}
	}
	return true
}

// dropKeys takes the settings of those names away; it tells how many.
func (e *edit) dropKeys(d *syntax.Document, s syntax.Section, keys ...string) int {
	n := 0
	for _, set := range d.SettingsOf(s) {
		if slices.Contains(keys, strings.ToLower(string(d.Key(set)))) {
			e.dropLines(set.Line, set.Last)
			n++
		}
	}
	return n
}

// sameBut says that two documents tell the same, but for one profile.
func sameBut(a, b *syntax.Document, name string) bool {
	return slices.EqualFunc(otherSections(a, name), otherSections(b, name), func(s, t syntax.Section) bool { return a.Same(s, b, t) })
}

func otherSections(d *syntax.Document, name string) []syntax.Section {
	return slices.DeleteFunc(slices.Clone(d.Sections), func(s syntax.Section) bool {
		return s.Header == syntax.Header{Kind: syntax.Profile, Name: name}
	})
}

// headerLine is the section's first line; AWS's older tools know [default] alone.
func headerLine(profile string) string {
	if profile == "default" {
		return "[default]"
	}
	return "[profile " + profile + "]"
}

// The marks stand in the first line below a header that mfad wrote.
const (
	addedMark   = "# added by mfad"
	adoptedMark = "# adopted by mfad: lines"
)

func isMark(line string) bool {
	return strings.HasPrefix(line, addedMark) || strings.HasPrefix(line, adoptedMark)
}
