package config

import (
	"slices"

	"github.com/mfad/mfad/credproc/config/syntax"
)

// Served is a profile for which AWS's files name mfad as credential_process.
type Served struct {
	Name    string
	Process Value  // the command line, as it is written
	Program string // its first word
	Asks    string // the profile that it asks mfad for
	// Rivals are the settings beside it because of which some of AWS's tools do
	// not ask mfad, or not mfad alone: Text is the setting's name, never its value.
	Rivals []Value
	// Lost are the settings beside it that other tools read and mfad does not:
	// Text is the setting's name.
	Lost []Value
}

// LostKeys are settings by which aws-vault takes those of another profile, or gets
// a code from a program. Neither AWS's tools nor mfad read them.
var LostKeys = []string{"include_profile", "parent_profile", "mfa_process"}

// rivalKeys are the settings that AWS's tools prefer to a credential_process,
// or refuse beside it. Which of them do so differs from tool to tool.
var rivalKeys = slices.Concat([]string{KeyRoleARN}, staticKeys[:1], foreignKeys)

// Served lists the profiles that AWS's tools can ask mfad for, in the order of
// AWS's config.
func (r *Reader) Served() ([]Served, error) {
	f, err := r.Files()
	if err != nil {
		return nil, err
	}
	var out []Served
	seen := map[string]bool{}
	for _, doc := range []*syntax.Document{f.Config, f.Credentials} {
		for _, s := range doc.Sections {
			if s.Kind != syntax.Profile || seen[s.Name] {
				continue
			}
			seen[s.Name] = true
			p, _ := f.Profile(s.Name)
			if process, ok := p.Served(); ok {
				out = append(out, p.describeServed(process))
			}
		}
	}
	return out, nil
}

// Program is the one that AWS's tools run to ask mfad for the profile.
func (p *Profile) Program() (path string, served bool) {
	process, served := p.Served()
	if !served {
		return "", false
	}
	return SplitWords(process.Text)[0], true
}

func (p *Profile) describeServed(process Value) Served {
	s := Served{Name: p.name, Process: process, Program: SplitWords(process.Text)[0], Asks: AskedFor(process.Text)}
	s.Rivals = p.namesOf(rivalKeys)
	s.Lost = p.namesOf(LostKeys)
	return s
}

// namesOf names the settings of AWS's files among keys, and says where they are.
func (p *Profile) namesOf(keys []string) (found []Value) {
	for _, key := range keys {
		if v, ok := p.InAWS(key); ok {
			found = append(found, Value{Text: key, Origin: v.Origin})
		}
	}
	return found
}

// AskedFor is the profile that a credential_process asks mfad for; empty when it
// names none.
func AskedFor(process string) (profile string) {
	words := SplitWords(process)
	for i, word := range words[:len(words)-1] {
		if word == "--profile" {
			profile = words[i+1]
		}
	}
	return profile
}
