package edit

import (
	"fmt"

	"github.com/mfad/mfad/credproc/config"
	"github.com/mfad/mfad/credproc/config/syntax"
)

// Setting is one line KEY = VALUE.
type Setting struct{ Key, Value string }

// format is the setting as a line; it refuses what would not be read back.
func (s Setting) format(profile string) (string, error) {
	line := s.Key + " = " + s.Value
	if !syntax.IsPlain(line) {
		return "", fmt.Errorf("%s of profile %q: %w: it has control characters", s.Key, profile, config.ErrBadConfig)
	}
	doc, err := config.Parse("", []byte("[default]\n"+line), syntax.Config)
	if err == nil && s.Value != "" && len(doc.Settings) == 1 {
		read := doc.Settings[0]
		if string(doc.Key(read)) == s.Key && string(doc.Value(read)) == s.Value {
			return line, nil
		}
	}
	return "", fmt.Errorf("%s of profile %q: %w: the file format cannot hold %q;"+
		" leave out blanks at the ends, and # or ; after a blank", s.Key, profile, config.ErrBadConfig, s.Value)
}

// formatAll formats settings, in order.
func formatAll(profile string, settings []Setting) ([]string, error) {
	var lines []string
	for _, s := range settings {
		line, err := s.format(profile)
		if err != nil {
			return nil, err
		}
		lines = append(lines, line)
	}
	return lines, nil
}
