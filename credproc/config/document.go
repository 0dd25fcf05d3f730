package config

import (
	"bytes"
	"slices"
)

// A document is one file in the shared config format: its bytes, untouched,
// and where its sections and settings stand in them. It is immutable, so that
// a cached one serves everybody. Values are taken out of the bytes when they
// are asked for: of 50,000 profiles one is wanted.
type document struct {
	name     string
	data     []byte
	sections []section
	settings []setting
	first    map[sectionName]int32 // the first section of a name
}

// key is the setting's name as it is written; names are compared without case.
func (d *document) key(s setting) []byte {
	return bytes.Trim(d.data[s.start:s.eq], blanks)
}

// value is the setting's text: trimmed, without the comment of its first
// line, continuation lines joined by newlines. The caller owns it.
func (d *document) value(s setting) []byte {
	line, rest, _ := bytes.Cut(d.data[s.eq:s.stop], []byte("\n"))
	v := slices.Clone(bytes.Trim(stripComment(line, 1)[1:], blanks))
	for len(rest) > 0 {
		line, rest, _ = bytes.Cut(rest, []byte("\n"))
		line = bytes.Trim(line, blanks)
		if len(line) == 0 || line[0] == '#' || line[0] == ';' {
			continue
		}
		v = append(append(v, '\n'), line...)
	}
	return v
}

// lookup finds the last setting of that name in sections i and following;
// unprefixed sections are passed over if a prefixed one exists.
func (d *document) lookup(i int32, key string) (found setting, ok bool) {
	prefixed := d.anyPrefixed(i)
	for ; i >= 0; i = d.sections[i].following {
		sec := d.sections[i]
		if sec.prefixed != prefixed {
			continue
		}
		for j := sec.to - 1; j >= sec.from; j-- {
			if equalFold(d.key(d.settings[j]), key) {
				found, ok = d.settings[j], true
				break
			}
		}
	}
	return found, ok
}

func (d *document) anyPrefixed(i int32) bool {
	for ; i >= 0; i = d.sections[i].following {
		if d.sections[i].prefixed {
			return true
		}
	}
	return false
}

// find is the first section of that name, or -1.
func (d *document) find(kind sectionKind, name string) int32 {
	if i, ok := d.first[sectionName{kind, name}]; ok {
		return i
	}
	return -1
}

// effective are the sections of a profile that count.
func (d *document) effective(name string) []section {
	var out []section
	i := d.find(profileSection, name)
	prefixed := d.anyPrefixed(i)
	for ; i >= 0; i = d.sections[i].following {
		if d.sections[i].prefixed == prefixed {
			out = append(out, d.sections[i])
		}
	}
	return out
}

// equalFold compares a name in a file with one of ours, which is in lower case.
func equalFold(b []byte, key string) bool {
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

func (d *document) at(line int32) Origin { return Origin{File: d.name, Line: int(line)} }
