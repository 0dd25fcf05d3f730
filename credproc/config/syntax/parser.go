// Package syntax takes a file in AWS's shared config format apart: sections,
// settings and their continuation lines, each with its place. It keeps every
// byte, so that package edit can change one line and leave all others.
//
// There is one parser and there are two ways to take what it finds. [Parse] is
// for who changes a file: it refuses what the published grammar refuses. [Read]
// is for who serves profiles: it never fails, reads what AWS's tools read, and
// leaves the rest as a [Fault] of its own section. Which line is taken how
// stands in one table, in faults.go.
//
// The package gives no setting a meaning, opens no file and merges nothing:
// packages config and edit, which read and change the files, do.
package syntax

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

const (
	// BOM is the byte order mark that a file may begin with.
	BOM = "\uFEFF"
	// Blanks part words, and stand before a comment. What is trimmed off names
	// and values is any white space, as in AWS's tools.
	Blanks  = " \t\r"
	comment = "#;"
)

// Parse reads a whole file by the published grammar: names outside of it are
// ignored, and the first fault that the grammar refuses is the [*Error].
func Parse(name string, data []byte, d Dialect) (*Document, error) {
	doc := parse(name, data, parser{dialect: d, strict: true})
	for _, f := range doc.Faults {
		if f.kind.editing == refused {
			return nil, &Error{int(f.Line), f.kind.text}
		}
	}
	return doc, nil
}

// Read reads a whole file as it is to be served: see [Document.Faults].
func Read(name string, data []byte, d Dialect) *Document {
	return parse(name, data, parser{dialect: d})
}

func parse(name string, data []byte, p parser) *Document {
	p.doc = &Document{Name: name, Data: data, first: make(map[Header]int32)}
	p.latest = make(map[Header]int32)
	p.returns, p.encoded = bytes.IndexByte(data, '\r') >= 0, utf8.Valid(data)
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
		p.read(pos, end)
		pos = next
	}
	p.closeSection(p.line)
	return p.doc
}

type parser struct {
	doc     *Document
	dialect Dialect
	strict  bool // a name outside the grammar is none
	line    int32
	latest  map[Header]int32

	returns bool // the file has carriage returns
	encoded bool // the file is UTF-8

	open   bool // a setting that may be continued
	nested bool // its continuations are settings themselves
	indent int  // of its line
}

func (p *parser) fault(kind *faultKind) { p.doc.Faults = append(p.doc.Faults, Fault{p.line, kind}) }

func (p *parser) read(start, end int) {
	line := p.doc.Data[start:end]
	text := bytes.TrimSpace(line)
	if len(text) == 0 {
		return
	}
	p.checkBytes(text)
	switch {
	case strings.IndexByte(comment, text[0]) >= 0:
		// The published cases are silent on an indented comment; botocore and
		// the Go SDK pass over it too.
	case line[0] == ' ' || line[0] == '\t':
		p.readIndented(start, end)
	case text[0] == '[':
		p.readHeader(text)
	default:
		p.readSetting(start, end, 0)
	}
}

// checkBytes looks for what makes one tool see other lines, or other letters,
// than another.
func (p *parser) checkBytes(text []byte) {
	if p.returns && bytes.IndexByte(text, '\r') >= 0 {
		p.fault(innerReturn)
	}
	if p.encoded || utf8.Valid(text) {
		return
	}
	if strings.IndexByte(comment, text[0]) >= 0 || utf8.Valid(stripComment(text)) {
		p.fault(foreignComment)
	} else {
		p.fault(foreignBytes)
	}
}

func (p *parser) closeSection(last int32) {
	if n := len(p.doc.Sections); n > 0 {
		s := &p.doc.Sections[n-1]
		s.to, s.Last = int32(len(p.doc.Settings)), last
	}
}

// readIndented reads a line that begins with a blank. It continues the setting
// above it if it stands deeper than that. Where no setting is open, AWS's tools
// take it as if it began at the margin.
func (p *parser) readIndented(start, end int) {
	line := p.doc.Data[start:end]
	text := bytes.TrimSpace(line)
	indent := len(line) - len(bytes.TrimLeft(line, Blanks))
	switch {
	case text[0] == '[' && (!p.open || p.dialect.knows(text)):
		p.fault(indentedHeader)
		p.readHeader(text)
	case len(p.doc.Sections) == 0:
		p.fault(outside)
	case p.open && indent > p.indent:
		p.readContinuation(text, end)
	case p.open && p.nested:
		p.fault(besideNested)
	case bytes.ContainsAny(text, "=:"):
		p.fault(indentedSetting)
		p.readSetting(start+indent, end, indent)
	default:
		p.fault(orphan)
	}
}

// readSetting reads NAME = VALUE. A colon before the first equals sign, or in
// its place, ends the name too: botocore and the Go SDK agree on that, and no
// setting of AWS has a colon in its name.
func (p *parser) readSetting(start, end, indent int) {
	p.open = false
	if len(p.doc.Sections) == 0 {
		p.fault(outside)
		return
	}
	line := stripComment(p.doc.Data[start:end])
	at := bytes.IndexAny(line, "=:")
	switch {
	case at < 0:
		p.fault(noEquals)
		return
	case len(bytes.TrimSpace(line[:at])) == 0:
		p.fault(noName)
		return
	case line[at] == ':':
		p.fault(colon)
	}
	p.open, p.nested, p.indent = true, len(bytes.TrimSpace(line[at+1:])) == 0, indent
	p.doc.Settings = append(p.doc.Settings, Setting{p.line, p.line, int32(start), int32(start + at), int32(end)})
}

func (p *parser) readContinuation(text []byte, end int) {
	if p.nested {
		switch bytes.IndexByte(text, '=') {
		case -1:
			p.fault(nestedNoEquals)
		case 0:
			p.fault(nestedNoName)
		}
	}
	s := &p.doc.Settings[len(p.doc.Settings)-1]
	s.Last, s.stop = p.line, int32(end)
}

// stripComment ends a line at a comment sign that follows a blank.
func stripComment(line []byte) []byte {
	for i := 1; i < len(line); i++ {
		if (line[i] == '#' || line[i] == ';') && strings.IndexByte(Blanks, line[i-1]) >= 0 {
			return line[:i]
		}
	}
	return line
}
