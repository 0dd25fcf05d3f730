package config

import (
	"fmt"

	"github.com/mfad/mfad/credproc/config/syntax"
)

// Value is a setting and where it was found.
type Value struct {
	Text   string
	Origin Origin
}

// Origin says where a value came from: a line of a file, a variable of the
// agent's environment, or a rule of ours.
type Origin struct {
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"`
	Var  string `json:"var,omitempty"`
	// Rule names a default or a deduction, such as "default of AssumeRole".
	Rule string `json:"rule,omitempty"`
}

// OriginOf is the place of a line of a file.
func OriginOf(d *syntax.Document, line int32) Origin { return Origin{File: d.Name, Line: int(line)} }

// String is how errors and listings name the place: "FILE:LINE", "$VAR", or the rule.
func (o Origin) String() string {
	switch {
	case o.File != "" && o.Line > 0:
		return fmt.Sprintf("%s:%d", o.File, o.Line)
	case o.File != "":
		return o.File
	case o.Var != "":
		return "$" + o.Var
	}
	return o.Rule
}

// Sensitive is a value of a file that must not be printed. It formats and
// marshals as [redacted].
type Sensitive struct {
	Bytes  []byte
	Origin Origin
}

const redacted = "[redacted]"

// Format implements [fmt.Formatter] for every verb.
func (Sensitive) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte(redacted)) }

// MarshalText implements encoding.TextMarshaler; JSON and slog use it.
func (Sensitive) MarshalText() ([]byte, error) { return []byte(redacted), nil }
