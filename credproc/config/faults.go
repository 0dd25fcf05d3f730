package config

import "github.com/mfad/mfad/credproc/config/syntax"

// LineFault is a line of a file that somebody among the published grammar and
// AWS's tools does not read as the others do.
type LineFault struct {
	At   Origin
	Text string // what is wrong and what to write; it never quotes the line
	// Profile is whose line it is; empty for a line of no profile.
	Profile string
	// Refused says that mfad does not serve the profile for it. Else the line is
	// read as AWS's tools read it, and the files cannot be edited, or not beside
	// it.
	Refused bool
}

// Faults lists them for all three files, in the order of the files.
func (r *Reader) Faults() ([]LineFault, error) {
	f, err := r.Files()
	if err != nil {
		return nil, err
	}
	var out []LineFault
	for _, doc := range []*syntax.Document{f.Mfad, f.Config, f.Credentials} {
		for _, fault := range doc.Faults {
			one := LineFault{At: OriginOf(doc, fault.Line), Text: fault.Text(), Refused: fault.Refused()}
			if s, ok := doc.SectionAt(fault.Line); ok && s.Kind == syntax.Profile {
				one.Profile = s.Name
			}
			out = append(out, one)
		}
	}
	return out, nil
}

// fault is the first line for which the profile is not served, in any section
// that counts.
func (p *Profile) fault() error {
	for _, l := range p.layers {
		if l.first < 0 || len(l.doc.Faults) == 0 {
			continue
		}
		for _, s := range l.doc.Effective(p.name) {
			if err := faultOf(l.doc, s); err != nil {
				return err
			}
		}
	}
	return nil
}

func faultOf(d *syntax.Document, s syntax.Section) error {
	for _, f := range d.FaultsOf(s) {
		if f.Refused() {
			return Value{Origin: OriginOf(d, f.Line)}.Fault("%s", f.Text())
		}
	}
	return nil
}
