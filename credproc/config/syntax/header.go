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

// kinds are the words that begin a header in a config file.
var kinds = map[string]Kind{"profile": Profile, "sso-session": SSOSession, "services": Services}

// meaning is what a header says, and how.
type meaning struct {
	Header
	prefixed bool // [profile default], which beats [default]
	strange  bool // in quotes, or of letters that the grammar does not have
	unread   bool // of a word that each tool reads differently: it is ignored
}

func (p *parser) readHeader(text []byte) {
	inner, closed, clean := cutHeader(text)
	switch {
	case !closed:
		p.fault(unclosed)
	case !clean:
		p.fault(trailingText)
	}
	p.closeSection(p.line - 1)
	m := p.dialect.section(bytes.TrimSpace(inner))
	s := Section{Header: m.Header, Line: p.line, prefixed: m.prefixed, from: int32(len(p.doc.Settings)), following: -1}
	if m.unread {
		p.fault(unreadName)
	}
	if m.strange {
		p.fault(strangeName)
		s.Alias = m.Header
		if p.strict {
			s.Header = Header{}
		}
	}
	p.link(&s)
	p.doc.Sections = append(p.doc.Sections, s)
	p.open = false
}

// link hangs a section behind the earlier ones of its name.
func (p *parser) link(s *Section) {
	if s.Kind == Ignored {
		return
	}
	i := int32(len(p.doc.Sections))
	if before, ok := p.latest[s.Header]; ok {
		p.doc.Sections[before].following = i
		if p.doc.Sections[before].Alias != s.Alias {
			p.fault(twoNames)
		}
	} else {
		p.doc.first[s.Header] = i
	}
	p.latest[s.Header] = i
}

// cutHeader takes a header out of its brackets. A comment may follow them; clean
// says that nothing else does. An open one reaches to the comment.
func cutHeader(text []byte) (inner []byte, closed, clean bool) {
	end := closing(text)
	if end < 0 {
		inner, _ = cutComment(text[1:])
		return inner, false, false
	}
	rest, _ := cutComment(text[end+1:])
	if again := bytes.LastIndexByte(rest, ']'); again >= 0 { // to all tools the last one counts
		end += 1 + again
		rest = rest[again+1:]
	}
	return text[1:end], true, len(bytes.TrimSpace(rest)) == 0
}

// closing is the first bracket that closes, outside of quotes; -1 if a comment
// begins before it, or there is none.
func closing(text []byte) int {
	var quote byte
	for i, c := range text {
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == ']':
			return i
		case c == '#' || c == ';':
			return -1
		}
	}
	if quote != 0 { // no quotes, but letters of a name
		inner, _ := cutComment(text)
		return bytes.IndexByte(inner, ']')
	}
	return -1
}

func cutComment(text []byte) (before []byte, found bool) {
	if i := bytes.IndexAny(text, comment); i >= 0 {
		return text[:i], true
	}
	return text, false
}

// knows says that a line is, without doubt, a header of the dialect.
func (d Dialect) knows(text []byte) bool {
	inner, closed, clean := cutHeader(text)
	return closed && clean && d.section(bytes.TrimSpace(inner)).Kind != Ignored
}

// section gives a header its meaning.
func (d Dialect) section(header []byte) meaning {
	word, name := header, []byte(nil)
	if i := bytes.IndexAny(header, Blanks); i > 0 {
		word, name = header[:i], bytes.TrimSpace(header[i:])
	}
	kind := kinds[string(word)]
	switch {
	case d == Credentials && kind != Ignored && name != nil: // a header of the other file
		return meaning{}
	case d == Credentials && IsIdentifier(header):
		return meaning{Header: Header{Profile, string(header)}}
	case d == Credentials:
		return strange(Profile, string(header))
	case string(header) == "default":
		return meaning{Header: Header{Profile, "default"}}
	case kind == Ignored || name == nil:
		return meaning{}
	case IsIdentifier(name):
		return meaning{Header: Header{kind, string(name)}, prefixed: kind == Profile}
	}
	text, ok := unquote(name)
	if !ok {
		return meaning{unread: kind == Profile && IsName(string(name)) && bytes.ContainsAny(name, `'"\\`)}
	}
	return strange(kind, text)
}

// strange is a name that the grammar does not have, and some of AWS's tools take.
func strange(kind Kind, name string) meaning {
	if !IsName(name) {
		return meaning{}
	}
	return meaning{Header: Header{kind, name}, prefixed: kind == Profile, strange: true}
}

// unquote reads one word as a POSIX shell does, which is how botocore reads a
// name and how `aws configure` writes one with blanks. A backslash outside of
// single quotes is read differently by each tool: such a word is none.
func unquote(word []byte) (string, bool) {
	var out strings.Builder
	var quote byte
	for _, c := range word {
		switch {
		case c == '\\' && quote != '\'':
			return "", false
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case quote == 0 && strings.IndexByte(Blanks, c) >= 0:
			return "", false
		default:
			out.WriteByte(c)
		}
	}
	return out.String(), quote == 0
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

// mostName is far above the names that people give.
const mostName = 256

// IsName says whether a profile of that name is read: 1 to 256 bytes of UTF-8
// that a terminal shows as they are, and no blank at either end.
func IsName(name string) bool {
	return name != "" && len(name) <= mostName && utf8.ValidString(name) && strings.TrimSpace(name) == name &&
		strings.IndexFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) < 0
}

// IsPlain refuses what a terminal or a line of a file would act on.
func IsPlain(text string) bool {
	return utf8.ValidString(text) && strings.IndexFunc(text, unicode.IsControl) < 0
}
