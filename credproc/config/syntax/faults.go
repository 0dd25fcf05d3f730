package syntax

import "sort"

// Error is a fault that stops [Parse]. It never quotes a line, which may hold a
// secret.
type Error struct {
	Line int // counts from 1
	Text string
}

// Error is the text alone.
func (e *Error) Error() string { return e.Text }

// Fault is a line that somebody among the published grammar and AWS's tools
// does not read as the others do.
type Fault struct {
	Line int32
	kind *faultKind
}

// Text says what is wrong and what to write. It never quotes the line.
func (f Fault) Text() string { return f.kind.text }

// Refused says that the section of the line is not served: AWS's tools do not
// agree on it, or none reads it. The line of another fault is served as AWS's
// tools read it.
func (f Fault) Refused() bool { return f.kind.serving == refused }

// verdict is what a reader makes of a line.
type verdict bool

const (
	taken   verdict = false
	refused verdict = true
)

// faultKind is a row of the table: what is wrong, what [Parse] makes of it and
// what [Read] does. A refusal of Parse is one of the whole file, a refusal of
// Read one of the section.
type faultKind struct {
	text             string
	editing, serving verdict
}

// The table. Beside each row stands what AWS's tools make of the line; "all" are
// botocore, the Go SDK and the JavaScript SDK. Where botocore refuses a line, it
// refuses the whole file.
var (
	// botocore refuses it; the others give what follows to the section above.
	unclosed = &faultKind{"Profile definition must end with ']'", refused, refused}
	// botocore reads the header; the others give what follows to the section above.
	trailingText = &faultKind{"Profile definition must end with ']'; take away what follows the bracket", refused, taken}
	// All read it; below a setting, botocore takes it for a part of the value.
	indentedHeader = &faultKind{"Profile definition must begin the line; take away the blanks before it", refused, taken}
	// botocore refuses it; the others pass over it.
	outside = &faultKind{"Expected a profile definition; write [profile NAME] above it", refused, refused}
	// botocore refuses it; the others pass over it.
	noEquals = &faultKind{"Expected an '=' sign defining a property; write NAME = VALUE", refused, refused}
	// botocore and Go read it; JavaScript passes over it.
	colon = &faultKind{"Expected an '=' sign defining a property, found a colon; write NAME = VALUE", refused, taken}
	// botocore refuses it; the others pass over it.
	noName = &faultKind{"Property did not have a name; write NAME = VALUE", refused, refused}
	// All read it as if it began at the margin.
	indentedSetting = &faultKind{
		"Expected a property definition, found continuation; take away the spaces that begin the line", refused, taken,
	}
	// botocore refuses it; the others pass over it.
	orphan = &faultKind{
		"Expected a property definition, found continuation; take away the spaces that begin the line", refused, refused,
	}
	// To botocore it is a setting of the section, to the others one of the block.
	besideNested = &faultKind{
		"a setting stands as deep as the one above it, which has no value; take away the spaces that begin both lines", refused, refused,
	}
	// botocore refuses it; the others pass over it, but that Go reads a colon.
	nestedNoEquals = &faultKind{"Expected an '=' sign defining a sub-property; write NAME = VALUE", refused, refused}
	// All pass over it.
	nestedNoName = &faultKind{"Sub-property did not have a name; write NAME = VALUE", refused, taken}
	// To botocore it ends the line; to the others it is a part of it.
	innerReturn = &faultKind{"a carriage return stands inside the line; end each line with LF or CRLF", refused, refused}
	// botocore refuses it; Go takes the bytes, JavaScript replaces them.
	foreignBytes = &faultKind{"the line is not UTF-8; save the file as UTF-8", refused, refused}
	// botocore refuses it; the others pass over it, as over all comments.
	foreignComment = &faultKind{"the comment is not UTF-8, and the AWS CLI refuses the whole file; save it as UTF-8", taken, taken}
	// Some read it, some do not find it.
	strangeName = &faultKind{
		"some of AWS's tools do not find a profile of this name; use letters, digits and -_/.%@:+ alone, without quotes", taken, taken,
	}
	// botocore does not find it, for a quote that does not close or a backslash; Go
	// and JavaScript take it as it is.
	unreadName = &faultKind{
		"a quote that does not close, or a backslash, hides the profile from some of AWS's tools, and from mfad; " +
			"use letters, digits and -_/.%@:+ alone", taken, refused,
	}
	// botocore takes the last of the two, and forgets the other.
	twoNames = &faultKind{"the same name stands above with other quotes; make them one section, without quotes", taken, refused}
)

// FaultsOf are the faults of the lines of a section.
func (d *Document) FaultsOf(s Section) []Fault {
	from := sort.Search(len(d.Faults), func(i int) bool { return d.Faults[i].Line >= s.Line })
	to := sort.Search(len(d.Faults), func(i int) bool { return d.Faults[i].Line > s.Last })
	return d.Faults[from:to]
}

// SectionAt is the section that a line belongs to; there is none above the first
// header.
func (d *Document) SectionAt(line int32) (Section, bool) {
	i := sort.Search(len(d.Sections), func(i int) bool { return d.Sections[i].Line > line })
	if i == 0 {
		return Section{}, false
	}
	return d.Sections[i-1], true
}
