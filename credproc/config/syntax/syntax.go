// Package syntax takes a file in AWS's shared config format apart: sections,
// settings and their continuation lines, each with its place. It keeps every
// byte, so that package edit can change one line and leave all others.
//
// It gives no setting a meaning, opens no file and merges nothing: packages
// config and edit, which read and change the files, do.
package syntax

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Dialect says which headers a file gives a meaning to.
type Dialect bool

const (
	// Config has [profile NAME], [default], [sso-session NAME] and [services NAME].
	Config Dialect = false
	// Credentials has [NAME].
	Credentials Dialect = true
)

// Kind is what a section is about.
type Kind uint8

const (
	// Ignored is a name or a kind that AWS's tools pass over.
	Ignored Kind = iota
	Profile
	SSOSession
	Services
)

// Header is what a section's first line says.
type Header struct {
	Kind Kind
	Name string
}

// Error is a fault of a file. It never quotes a line, which may hold a secret.
type Error struct {
	Line int // counts from 1
	Text string
}

// Error is the text alone.
func (e *Error) Error() string { return e.Text }

const (
	// BOM is the byte order mark that a file may begin with.
	BOM = "\uFEFF"
	// Blanks are what is trimmed off names and values.
	Blanks  = " \t\r"
	comment = "#;"
)

// Parse reads a whole file. Its errors are an [*Error].
func Parse(name string, data []byte, d Dialect) (*Document, error) {
	p := parser{
		doc: &Document{Name: name, Data: data, first: make(map[Header]int32)}, dialect: d,
		latest: make(map[Header]int32),
	}
	p.doc.Sections = make([]Section, 0, bytes.Count(data, []byte("\n["))+1)
	p.doc.Settings = make([]Setting, 0, bytes.Count(data, []byte("=")))
	pos := 0
	if bytes.HasPrefix(data, []byte(BOM)) {
		pos = len(BOM)
	}
	for pos < len(data) {
		p.line++
		end, next := len(data), len(data)
		if i := bytes.IndexByte(data[pos:], '\n'); i >= 0 {
			end, next = pos+i, pos+i+1
		}
		if err := p.read(pos, end); err != nil {
			return nil, err
		}
		pos = next
	}
	p.closeSection(p.line)
	return p.doc, nil
}

type parser struct {
	doc     *Document
	dialect Dialect
	line    int32
	latest  map[Header]int32
	open    bool // a setting that may be continued
	nested  bool // its continuations are settings themselves
}

func (p *parser) read(start, end int) error {
	line := p.doc.Data[start:end]
	text := bytes.Trim(line, Blanks)
	switch {
	case len(text) == 0:
		return nil
	case strings.IndexByte(comment, text[0]) >= 0:
		// The published cases are silent on an indented comment; botocore and
		// the Go SDK pass over it too.
		return nil
	case line[0] == ' ' || line[0] == '\t':
		return p.readContinuation(text, end)
	case line[0] == '[':
		return p.readHeader(line)
	}
	return p.readSetting(start, end)
}

func (p *parser) readHeader(line []byte) error {
	if i := bytes.IndexAny(line, comment); i >= 0 {
		line = line[:i]
	}
	line = bytes.Trim(line, Blanks)
	inner, ok := bytes.CutSuffix(line[1:], []byte("]"))
	if !ok {
		return p.fault("Profile definition must end with ']'")
	}
	p.closeSection(p.line - 1)
	s := Section{Line: p.line, from: int32(len(p.doc.Settings)), following: -1}
	s.Header, s.prefixed = p.dialect.section(bytes.Trim(inner, Blanks))
	i := int32(len(p.doc.Sections))
	if before, ok := p.latest[s.Header]; ok {
		p.doc.Sections[before].following = i
	} else if s.Kind != Ignored {
		p.doc.first[s.Header] = i
	}
	if s.Kind != Ignored {
		p.latest[s.Header] = i
	}
	p.doc.Sections = append(p.doc.Sections, s)
	p.open = false
	return nil
}

// section gives a header its meaning.
func (d Dialect) section(header []byte) (_ Header, prefixed bool) {
	if d == Credentials {
		if !IsIdentifier(header) {
			return Header{}, false
		}
		return Header{Profile, string(header)}, false
	}
	if string(header) == "default" {
		return Header{Profile, "default"}, false
	}
	i := bytes.IndexAny(header, Blanks)
	if i < 0 {
		return Header{}, false
	}
	name := bytes.Trim(header[i:], Blanks)
	if !IsIdentifier(name) {
		return Header{}, false
	}
	switch string(header[:i]) {
	case "profile":
		return Header{Profile, string(name)}, true
	case "sso-session":
		return Header{SSOSession, string(name)}, true
	case "services":
		return Header{Services, string(name)}, true
	}
	return Header{}, false
}

func (p *parser) closeSection(last int32) {
	if n := len(p.doc.Sections); n > 0 {
		s := &p.doc.Sections[n-1]
		s.to, s.Last = int32(len(p.doc.Settings)), last
	}
}

func (p *parser) readSetting(start, end int) error {
	if len(p.doc.Sections) == 0 {
		return p.fault("Expected a profile definition; write [profile NAME] above it")
	}
	line := stripComment(p.doc.Data[start:end], 0)
	eq := bytes.IndexByte(line, '=')
	if eq < 0 {
		return p.fault("Expected an '=' sign defining a property; write NAME = VALUE")
	}
	if len(bytes.Trim(line[:eq], Blanks)) == 0 {
		return p.fault("Property did not have a name; write NAME = VALUE")
	}
	p.open, p.nested = true, len(bytes.Trim(line[eq+1:], Blanks)) == 0
	p.doc.Settings = append(p.doc.Settings, Setting{p.line, p.line, int32(start), int32(start + eq), int32(end)})
	return nil
}

func (p *parser) readContinuation(text []byte, end int) error {
	if len(p.doc.Sections) == 0 {
		return p.fault("Expected a profile definition; write [profile NAME] above it")
	}
	if !p.open {
		return p.fault("Expected a property definition, found continuation; take away the spaces that begin the line")
	}
	if p.nested {
		switch bytes.IndexByte(text, '=') {
		case -1:
			return p.fault("Expected an '=' sign defining a sub-property; write NAME = VALUE")
		case 0:
			return p.fault("Sub-property did not have a name; write NAME = VALUE")
		}
	}
	s := &p.doc.Settings[len(p.doc.Settings)-1]
	s.Last, s.stop = p.line, int32(end)
	return nil
}

func (p *parser) fault(text string) error { return &Error{int(p.line), text} }

// stripComment ends a line at a comment sign that follows a blank; from is
// where it starts to look.
func stripComment(line []byte, from int) []byte {
	for i := max(from, 1); i < len(line); i++ {
		if (line[i] == '#' || line[i] == ';') && strings.IndexByte(Blanks, line[i-1]) >= 0 {
			return line[:i]
		}
	}
	return line
}

// IsIdentifier says whether the format allows that as a name.
func IsIdentifier(name []byte) bool {
	for _, c := range name {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && strings.IndexByte("_-/.%@:+", c) < 0 {
			return false
		}
	}
	return len(name) > 0
}

// IsPlain refuses what a terminal or a line of a file would act on.
func IsPlain(text string) bool {
	return utf8.ValidString(text) && strings.IndexFunc(text, unicode.IsControl) < 0
}
