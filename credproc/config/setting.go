package config

import "fmt"

// Setting is one line KEY = VALUE.
type Setting struct{ Key, Value string }

// format is the setting as a line; it refuses what would not be read back.
func (s Setting) format(profile string) (string, error) {
	line := s.Key + " = " + s.Value
	if !isPlain(line) {
		return "", fmt.Errorf("%s of profile %q: %w: it has control characters", s.Key, profile, ErrBadConfig)
	}
	doc, err := parse("", []byte("[default]\n"+line), configFile)
	if err == nil && len(doc.settings) == 1 && string(doc.key(doc.settings[0])) == s.Key && string(doc.value(doc.settings[0])) == s.Value && s.Value != "" {
		return line, nil
	}
	return "", fmt.Errorf("%s of profile %q: %w: the file format cannot hold %q; leave out blanks at the ends, and # or ; after a blank", s.Key, profile, ErrBadConfig, s.Value)
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
