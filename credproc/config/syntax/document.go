package syntax

import (
	"bytes"
	"slices"
	"strings"
)

// A Document is one file in the shared config format: its bytes, untouched,
// and where its sections and settings stand in them. It is immutable, so that
// a cached one serves everybody. Values are taken out of the bytes when they
// are asked for: of 50,000 profiles one is wanted.
type Document struct {
	Name     string
	Data     []byte
	Sections []Section // in the order of the file
	Settings []Setting
	Faults   []Fault          // in the order of the file
	first    map[Header]int32 // the first section of a name
}

// Section is a header and what follows it. Lines count from 1.
type Section struct {
	Header
	// Alias is the name of a header in quotes, or of letters that the grammar
	// does not have, as botocore reads it; zero for all others. [Parse] ignores
	// such a section, and [Read] serves it.
	Alias Header
	Line  int32 // of the header
	Last  int32 // line before the next header, or the last of the file

	prefixed  bool  // [profile default], which beats [default]
	from, to  int32 // its settings
	following int32 // the next section of the same name, or -1
}

// Setting is NAME = VALUE and its continuation lines.
type Setting struct {
	Line, Last int32 // both inclusive

	start, eq, stop int32 // in the data: of the name, its '=' or ':', and the end of the last line
}

// Key is the setting's name as it is written; names are compared without case.
func (d *Document) Key(s Setting) []byte {
	return bytes.TrimSpace(d.Data[s.start:s.eq])
}

// Value is the setting's text: trimmed, without the comment of its first
// line, continuation lines joined by newlines. The caller owns it.
func (d *Document) Value(s Setting) []byte {
	line, rest, _ := bytes.Cut(d.Data[s.eq:s.stop], []byte("\n"))
	v := slices.Clone(bytes.TrimSpace(stripComment(line)[1:]))
	for len(rest) > 0 {
		line, rest, _ = bytes.Cut(rest, []byte("\n"))
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' || line[0] == ';' {
			continue
		}
		v = append(append(v, '\n'), line...)
	}
	return v
}

// Lookup finds the last setting of that name in sections i and following;
// unprefixed sections are passed over if a prefixed one exists.
func (d *Document) Lookup(i int32, key string) (found Setting, ok bool) {
	prefixed := d.anyPrefixed(i)
	for ; i >= 0; i = d.Sections[i].following {
		sec := d.Sections[i]
		if sec.prefixed != prefixed {
			continue
		}
		for j := sec.to - 1; j >= sec.from; j-- {
			if EqualFold(d.Key(d.Settings[j]), key) {
				found, ok = d.Settings[j], true
				break
			}
		}
	}
	return found, ok
}

func (d *Document) anyPrefixed(i int32) bool {
	for ; i >= 0; i = d.Sections[i].following {
		if d.Sections[i].prefixed {
			return true
		}
	}
	return false
}

// Find is the first section of that name, or -1.
func (d *Document) Find(kind Kind, name string) int32 {
	if i, ok := d.first[Header{kind, name}]; ok {
		return i
	}
	return -1
}

// Effective are the sections of a profile that count.
func (d *Document) Effective(name string) []Section {
	var out []Section
	i := d.Find(Profile, name)
	prefixed := d.anyPrefixed(i)
	for ; i >= 0; i = d.Sections[i].following {
		if d.Sections[i].prefixed == prefixed {
			out = append(out, d.Sections[i])
		}
	}
	return out
}

// Beside is a section that only [Read] serves under that name, such as
// [profile "q"] for q. Who writes one of the same name hides it from some of AWS's
// tools.
func (d *Document) Beside(name string) (Section, bool) {
	i := slices.IndexFunc(d.Sections, func(s Section) bool { return s.Alias == Header{Profile, name} })
	if i < 0 {
		return Section{}, false
	}
	return d.Sections[i], true
}

// EqualFold compares a name in a file with one of ours, which is in lower case.
func EqualFold(b []byte, key string) bool {
	if len(b) != len(key) {
		return false
	}
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != key[i] {
			return false
		}
	}
	return true
}

// SettingsOf are the settings of a section, in the order of the file.
func (d *Document) SettingsOf(s Section) []Setting { return d.Settings[s.from:s.to] }

// Following is the next section of the same header, or -1.
func (d *Document) Following(i int32) int32 { return d.Sections[i].following }

// Same says that two sections and their settings tell the same, each in its
// document.
func (d *Document) Same(s Section, other *Document, t Section) bool {
	return s.Header == t.Header && s.prefixed == t.prefixed &&
		slices.EqualFunc(d.SettingsOf(s), other.SettingsOf(t), func(p, q Setting) bool {
			return bytes.Equal(d.Key(p), other.Key(q)) && bytes.Equal(d.Value(p), other.Value(q))
		})
}

// Lines are the document's, each with its line ending, without the byte order
// mark.
func (d *Document) Lines() []string {
	return slices.Collect(strings.Lines(strings.TrimPrefix(string(d.Data), BOM)))
}

// Body are the lines below a section's header.
func (d *Document) Body(s Section) []string { return d.Lines()[s.Line:s.Last] }

// LastSetting is the last line of the section's last setting, or its header.
func (d *Document) LastSetting(s Section) int32 {
	settings := d.SettingsOf(s)
	if len(settings) == 0 {
		return s.Line
	}
	return settings[len(settings)-1].Last
}
