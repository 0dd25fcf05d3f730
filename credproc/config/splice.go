package config

import (
	"bytes"
	"slices"
	"strings"
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

// lines are the document's, each with its line ending, without the byte order
// mark.
func (d *document) lines() []string {
	text := strings.TrimPrefix(string(d.data), bom)
	if text == "" {
		return nil
	}
	return slices.Collect(strings.Lines(text))
}

// apply makes the text of the edited document. Every byte that the edit does
// not name stays: inserted lines take the file's line ending unless they bring
// one, and a file without a newline at its end stays without.
func (d *document) apply(e *edit) []byte {
	old := d.lines()
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
	if bytes.HasPrefix(d.data, []byte(bom)) {
		out.WriteString(bom)
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

// end is one past the last line.
func (d *document) end() int32 { return int32(len(d.lines())) + 1 }

// appendSection puts a section at the end, after an empty line.
func (d *document) appendSection(e *edit, lines ...string) {
	end := d.end()
	if end > 1 {
		e.insert(end, "")
	}
	e.insert(end, lines...)
}

// dropSection takes a section away, from its header to its last setting or
// our mark, and the empty line above that appendSection put there. What
// follows may be about the next section, and stays.
func (d *document) dropSection(e *edit, s section) {
	lines := d.lines()
	last := d.lastSetting(s)
	if body := d.body(s); len(body) > 0 && isMark(body[0]) {
		last = max(last, s.line+1)
	}
	e.dropLines(s.line, last)
	if s.line > 1 && strings.Trim(trimEnding(lines[s.line-2]), blanks) == "" {
		e.drop[s.line-1] = true
	}
}

// lastSetting is the last line of the section's last setting, or its header.
func (d *document) lastSetting(s section) int32 {
	if s.from == s.to {
		return s.line
	}
	return d.settings[s.to-1].last
}

// body are the lines below a section's header.
func (d *document) body(s section) []string { return d.lines()[s.line:s.last] }

// own are the settings of a section.
func (d *document) own(s section) []setting { return d.settings[s.from:s.to] }

// dropKeys takes the settings of those names away; it tells how many.
func (d *document) dropKeys(e *edit, s section, keys ...string) int {
	n := 0
	for _, set := range d.own(s) {
		if slices.Contains(keys, strings.ToLower(string(d.key(set)))) {
			e.dropLines(set.line, set.last)
			n++
		}
	}
	return n
}

// sameBut says that two documents tell the same, but for one profile.
func sameBut(a, b *document, name string) bool {
	x, y := a.others(name), b.others(name)
	return slices.EqualFunc(x, y, func(s, t section) bool {
		return s.sectionName == t.sectionName && s.prefixed == t.prefixed &&
			slices.EqualFunc(a.own(s), b.own(t), func(p, q setting) bool {
				return bytes.Equal(a.key(p), b.key(q)) && bytes.Equal(a.value(p), b.value(q))
			})
	})
}

func (d *document) others(name string) []section {
	return slices.DeleteFunc(slices.Clone(d.sections), func(s section) bool {
		return s.sectionName == sectionName{profileSection, name}
	})
}

// header is the section's first line; AWS's older tools know [default] alone.
func header(profile string) string {
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
