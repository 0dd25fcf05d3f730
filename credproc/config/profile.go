package config

import (
	"bytes"
	"fmt"

	"github.com/mfad/mfad/credproc/config/syntax"
)

// Files are the three files at one moment, and the environment that counts.
type Files struct {
	Mfad, Config, Credentials *syntax.Document
	Getenv                    func(string) string
	sources                   *rules // nil: builtin
}

func (f *Files) rules() *rules {
	if f.sources == nil {
		return builtin
	}
	return f.sources
}

// Profile is what the files say under one name.
type Profile struct {
	name  string
	files *Files
	// layers are in the order in which a setting is looked for.
	layers [3]layer
	// own says that mfad's file tells who the profile is.
	own bool
	// anywhere: keys are looked for in every file, whoever tells who the profile
	// is.
	anywhere bool
}

// Name is the profile's.
func (p *Profile) Name() string { return p.name }

type layer struct {
	doc   *syntax.Document
	first int32 // section, or -1
}

// Profile finds a name in any of the files.
func (f *Files) Profile(name string) (*Profile, bool) {
	p := &Profile{name: name, files: f}
	found := false
	for i, doc := range []*syntax.Document{f.Mfad, f.Credentials, f.Config} {
		p.layers[i] = layer{doc, doc.Find(syntax.Profile, name)}
		found = found || p.layers[i].first >= 0
	}
	for _, key := range f.rules().origin {
		if _, ok := p.layers[0].lookup(key); ok {
			p.own = true
			break
		}
	}
	return p, found
}

func (l layer) lookup(key string) (syntax.Setting, bool) {
	if l.first < 0 {
		return syntax.Setting{}, false
	}
	return l.doc.Lookup(l.first, key)
}

// at is where the profile begins, in the first file that has it.
func (p *Profile) at() Origin {
	for _, l := range p.layers {
		if l.first >= 0 {
			return OriginOf(l.doc, l.doc.Sections[l.first].Line)
		}
	}
	return Origin{}
}

// lookUp looks for a setting in the given layers. An empty value is no value,
// but hides those of later layers.
func lookUp(layers []layer, key string) (text []byte, at Origin, ok bool) {
	for _, l := range layers {
		if s, found := l.lookup(key); found {
			text = l.doc.Value(s)
			return text, OriginOf(l.doc, s.Line), len(text) > 0
		}
	}
	return nil, Origin{}, false
}

// Setting is a setting that any file may make.
func (p *Profile) Setting(key string) (Value, bool) {
	text, at, ok := lookUp(p.layers[:], key)
	return Value{string(text), at}, ok
}

// Identity is a setting that says who the profile is: those come from one
// place.
func (p *Profile) Identity(key string) (Value, bool) {
	text, at, ok := lookUp(p.who(), key)
	if key == KeyProcess && ok && !p.own && CallsMfad(string(text)) {
		return Value{}, false // it is how others ask us
	}
	return Value{string(text), at}, ok
}

func (p *Profile) who() []layer {
	if p.own {
		return p.layers[:1]
	}
	return p.layers[:]
}

// keyLayers are where keys are looked for.
func (p *Profile) keyLayers() []layer {
	if p.anywhere {
		return p.layers[:]
	}
	return p.who()
}

// Own says that mfad's file tells who the profile is.
func (p *Profile) Own() bool { return p.own }

// InAWS is a setting of AWS's files, which may be in both.
func (p *Profile) InAWS(key string) (Value, bool) {
	text, at, ok := lookUp(p.layers[1:], key)
	return Value{string(text), at}, ok
}

// InCredentials is a setting of AWS's credentials file.
func (p *Profile) InCredentials(key string) (Value, bool) {
	text, at, ok := lookUp(p.layers[1:2], key)
	return Value{string(text), at}, ok
}

// KeysInAWS are the keys that AWS's files have; nil when there are none.
func (p *Profile) KeysInAWS() (*StaticKeys, error) { return p.static(p.layers[1:]) }

// names says whether the profile tells where its identity comes from.
func (p *Profile) names() bool {
	for _, key := range p.files.rules().origin {
		if _, ok := p.Identity(key); ok {
			return true
		}
	}
	return false
}

// Served is mfad's credential_process in AWS's files.
func (p *Profile) Served() (Value, bool) {
	v, ok := p.InAWS(KeyProcess)
	return v, ok && CallsMfad(v.Text)
}

// nestedValue is NAME = VALUE on a continuation line of a setting that has no text
// of its own.
func nestedValue(text []byte, key string) (value string, ok bool) {
	if !bytes.HasPrefix(text, []byte("\n")) {
		return "", false
	}
	for line := range bytes.Lines(text) {
		k, v, found := bytes.Cut(line, []byte("="))
		if found && syntax.EqualFold(bytes.Trim(k, syntax.Blanks), key) {
			value, ok = string(bytes.Trim(v, syntax.Blanks+"\n")), true
		}
	}
	return value, ok
}

// env is a variable of the agent's own environment.
func (f *Files) env(name string) (Value, bool) {
	text := f.Getenv(name)
	return Value{text, Origin{Var: name}}, text != ""
}

// Fault is the error of a setting: what is wrong, and what to write. It wraps
// ErrBadConfig.
func (v Value) Fault(format string, args ...any) error {
	return &Error{v.Origin, fmt.Sprintf(format, args...), ErrBadConfig}
}
