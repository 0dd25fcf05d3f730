package config_test

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/mfad/mfad/credproc/config"
)

// A file in UTF-16 has no profile for anybody: all who ask for one, or for the list,
// are told why.
func TestFileInUTF16IsTold(t *testing.T) {
	const text = "[profile work]\nregion = eu-west-1\n"
	for name, row := range map[string]struct {
		order binary.AppendByteOrder
		text  string
		told  bool
	}{
		"little-endian":          {binary.LittleEndian, "\ufeff" + text, true},
		"big-endian":             {binary.BigEndian, "\ufeff" + text, true},
		"little-endian, no mark": {binary.LittleEndian, text, true},
		"big-endian, no mark":    {binary.BigEndian, text, true},
		"UTF-8":                  {nil, text, false},
		"nothing":                {nil, "", false},
		"one letter":             {nil, "#", false},
	} {
		t.Run(name, func(t *testing.T) {
			data := []byte(row.text)
			if row.order != nil {
				data = nil
				for _, unit := range utf16.Encode([]rune(row.text)) {
					data = row.order.AppendUint16(data, unit)
				}
			}
			file := filepath.Join(t.TempDir(), "config")
			if err := os.WriteFile(file, data, 0o600); err != nil {
				t.Fatal(err)
			}
			r := config.NewReader(config.Paths{Mfad: os.DevNull, Config: file, Credentials: os.DevNull}, func(string) string { return "" })
			_, list := r.Profiles()
			_, lines := r.Faults()
			for what, err := range map[string]error{"list": list, "lines": lines} {
				told := errors.Is(err, config.ErrBadConfig) && strings.Contains(err.Error(), file+": is UTF-16")
				if told != row.told || (err != nil) != row.told {
					t.Errorf("%s: got %v", what, err)
				}
			}
		})
	}
}
