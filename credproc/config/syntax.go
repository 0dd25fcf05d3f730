package config

import (
	"bytes"
	"strings"
)

// dialect says which headers a file gives a meaning to.
type dialect bool

const (
	configFile      dialect = false // [profile NAME], [default], [sso-session NAME], [services NAME]
	credentialsFile dialect = true  // [NAME]
)

type sectionKind uint8

const (
	ignored sectionKind = iota // a name or a kind that AWS's tools pass over
	profileSection
	ssoSession
	services
)

type sectionName struct {
	kind sectionKind
	name string
}

// section is a header and what follows it. Lines count from 1.
type section struct {
	sectionName
	prefixed  bool  // [profile default], which beats [default]
	line      int32 // of the header
	last      int32 // line before the next header, or the last of the file
	from, to  int32 // its settings
	following int32 // the next section of the same name, or -1
}

// setting is NAME = VALUE and its continuation lines, as offsets into the data.
type setting struct {
	line, last      int32 // lines, both inclusive
	start, eq, stop int32 // of the first line, its '=', and the end of the last line
}

const (
	bom     = "\uFEFF"
	blanks  = " \t\r"
	comment = "#;"
)

// parse reads a whole file. Faults are an [*Error] that wraps ErrBadConfig and
// never quotes a line: it may hold a secret.
func parse(name string, data []byte, d dialect) (*document, error) {
	p := parser{
		doc: &document{name: name, data: data, first: make(map[sectionName]int32)}, dialect: d,
		latest: make(map[sectionName]int32),
	}
	p.doc.sections = make([]section, 0, bytes.Count(data, []byte("\n["))+1)
	p.doc.settings = make([]setting, 0, bytes.Count(data, []byte("=")))
	pos := 0
	if bytes.HasPrefix(data, []byte(bom)) {
		pos = len(bom)
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
	doc     *document
	dialect dialect
	line    int32
	latest  map[sectionName]int32
	open    bool // a setting that may be continued
	nested  bool // its continuations are settings themselves
}

func (p *parser) read(start, end int) error {
	line := p.doc.data[start:end]
	text := bytes.Trim(line, blanks)
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
	line = bytes.Trim(line, blanks)
	inner, ok := bytes.CutSuffix(line[1:], []byte("]"))
	if !ok {
		return p.fault("Profile definition must end with ']'")
	}
	p.closeSection(p.line - 1)
	s := section{line: p.line, from: int32(len(p.doc.settings)), following: -1}
	s.sectionName, s.prefixed = p.dialect.section(bytes.Trim(inner, blanks))
	i := int32(len(p.doc.sections))
	if before, ok := p.latest[s.sectionName]; ok {
		p.doc.sections[before].following = i
	} else if s.kind != ignored {
		p.doc.first[s.sectionName] = i
	}
	if s.kind != ignored {
		p.latest[s.sectionName] = i
	}
	p.doc.sections = append(p.doc.sections, s)
	p.open = false
	return nil
}

// section gives a header its meaning.
func (d dialect) section(header []byte) (_ sectionName, prefixed bool) {
	if d == credentialsFile {
		if !isIdentifier(header) {
			return sectionName{}, false
		}
		return sectionName{profileSection, string(header)}, false
	}
	if string(header) == "default" {
		return sectionName{profileSection, "default"}, false
	}
	i := bytes.IndexAny(header, blanks)
	if i < 0 {
		return sectionName{}, false
	}
	name := bytes.Trim(header[i:], blanks)
	if !isIdentifier(name) {
		return sectionName{}, false
	}
	switch string(header[:i]) {
	case "profile":
		return sectionName{profileSection, string(name)}, true
	case "sso-session":
		return sectionName{ssoSession, string(name)}, true
	case "services":
		return sectionName{services, string(name)}, true
	}
	return sectionName{}, false
}

func (p *parser) closeSection(last int32) {
	if n := len(p.doc.sections); n > 0 {
		s := &p.doc.sections[n-1]
		s.to, s.last = int32(len(p.doc.settings)), last
	}
}

func (p *parser) readSetting(start, end int) error {
	if len(p.doc.sections) == 0 {
		return p.fault("Expected a profile definition; write [profile NAME] above it")
	}
	line := stripComment(p.doc.data[start:end], 0)
	eq := bytes.IndexByte(line, '=')
	if eq < 0 {
		return p.fault("Expected an '=' sign defining a property; write NAME = VALUE")
	}
	if len(bytes.Trim(line[:eq], blanks)) == 0 {
		return p.fault("Property did not have a name; write NAME = VALUE")
	}
	p.open, p.nested = true, len(bytes.Trim(line[eq+1:], blanks)) == 0
	p.doc.settings = append(p.doc.settings, setting{p.line, p.line, int32(start), int32(start + eq), int32(end)})
	return nil
}

func (p *parser) readContinuation(text []byte, end int) error {
	if len(p.doc.sections) == 0 {
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
	s := &p.doc.settings[len(p.doc.settings)-1]
	s.last, s.stop = p.line, int32(end)
	return nil
}

func (p *parser) fault(text string) error {
	return &Error{Origin{File: p.doc.name, Line: int(p.line)}, text, ErrBadConfig}
}

// stripComment ends a line at a comment sign that follows a blank; from is
// where it starts to look.
func stripComment(line []byte, from int) []byte {
	for i := max(from, 1); i < len(line); i++ {
		if (line[i] == '#' || line[i] == ';') && strings.IndexByte(blanks, line[i-1]) >= 0 {
			return line[:i]
		}
	}
	return line
}
