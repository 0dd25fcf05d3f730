// Package keycsv reads the CSV files that the IAM console downloads for access
// keys.
//
// It knows the two shapes of those files and checks each key's form; it opens
// no file, and it does not decide which key of several is meant. Secrets stay
// slices of the file's bytes, so that the caller, "mfad key import", can wipe
// them all by wiping the file. Errors name the line and never quote a field.
package keycsv

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/mfad/mfad/credproc/config"
)

// Most is how many bytes a file may have: far above what the console writes for all users of an account.
const Most = 1 << 20

// A Key is one access key of a file that the IAM console made.
type Key struct {
	User   string // empty in the two-column shape
	ID     string
	Secret []byte // a slice of the file's bytes: wiping the file wipes it
	Line   int    // where its record begins, from 1
}

// Parse reads the two shapes that the console downloads: "Access key ID,
// Secret access key", and the same between "User name,Password" and "Console
// login link". Columns are found by their titles. Errors name the line and
// never quote a field, which may be a secret.
//
// It is not encoding/csv, because that makes strings, and strings cannot be wiped.
func Parse(data []byte) ([]Key, error) {
	switch {
	case len(data) > Most:
		return nil, fmt.Errorf("the file is longer than %d bytes", Most)
	case bytes.HasPrefix(data, []byte{0xff, 0xfe}), bytes.HasPrefix(data, []byte{0xfe, 0xff}):
		return nil, errors.New("the file is UTF-16: save it as UTF-8, or download it again")
	}
	r := reader{rest: bytes.TrimPrefix(data, []byte("\ufeff")), line: 1}
	header, err := r.record()
	if err != nil {
		return nil, err
	}
	where, err := findColumns(header)
	if err != nil {
		return nil, fmt.Errorf("line %d: %w", r.recordLine, err)
	}
	var keys []Key
	for {
		fields, err := r.record()
		if errors.Is(err, errNoRecord) {
			break
		} else if err != nil {
			return nil, err
		}
		k, err := where.key(fields)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", r.recordLine, err)
		}
		if k.ID != "" { // else a user who has a password alone
			k.Line = r.recordLine
			keys = append(keys, k)
		}
	}
	if len(keys) == 0 {
		return nil, errors.New("there is no access key below the titles")
	}
	return keys, nil
}

// columns are where the fields stand; -1 where there is none.
type columns struct{ user, id, secret, count int }

func findColumns(header [][]byte) (columns, error) {
	c := columns{user: -1, id: -1, secret: -1, count: len(header)}
	for i, title := range header {
		at := &c.user
		switch strings.ToLower(string(bytes.TrimSpace(title))) {
		case "user name", "username":
		case "access key id":
			at = &c.id
		case "secret access key":
			at = &c.secret
		default:
			continue
		}
		if *at >= 0 {
			return c, fmt.Errorf("column %d has the title of column %d again", i+1, *at+1)
		}
		*at = i
	}
	if c.id < 0 || c.secret < 0 {
		return c, errors.New(`no columns "Access key ID" and "Secret access key": this is not the console's file`)
	}
	return c, nil
}

func (c columns) key(fields [][]byte) (Key, error) {
	if len(fields) != c.count {
		return Key{}, fmt.Errorf("%d fields where the titles are %d", len(fields), c.count)
	}
	k := Key{ID: string(bytes.TrimSpace(fields[c.id])), Secret: bytes.TrimSpace(fields[c.secret])}
	if c.user >= 0 {
		k.User = string(bytes.TrimSpace(fields[c.user]))
	}
	if k.ID == "" && len(k.Secret) == 0 {
		return k, nil
	}
	return k, config.CheckLongTermKey(k.ID, k.Secret)
}

var errNoRecord = errors.New("the file is empty")

// reader reads RFC 4180: fields between commas, quotes around fields, a
// quote in a quoted field doubled, records ended by LF or CRLF.
type reader struct {
	rest       []byte
	line       int
	recordLine int // where the last record began
}

// record returns the next record that is not blank, as slices of the file.
func (r *reader) record() ([][]byte, error) {
	for {
		if len(r.rest) == 0 {
			return nil, errNoRecord
		}
		r.recordLine = r.line
		var fields [][]byte
		for {
			field, more, err := r.field()
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", r.line, err)
			}
			if fields = append(fields, field); !more {
				break
			}
		}
		if len(fields) > 1 || len(bytes.TrimSpace(fields[0])) > 0 {
			return fields, nil
		}
	}
}

// field returns the next field, and whether the record goes on after it.
func (r *reader) field() (field []byte, more bool, err error) {
	if len(r.rest) > 0 && r.rest[0] == '"' {
		if field, err = r.quoted(); err != nil {
			return nil, false, err
		}
		if end := bytes.IndexAny(r.rest, ",\n"); len(bytes.TrimRight(r.upTo(end), "\r")) > 0 {
			return nil, false, errors.New("text follows a closing quote")
		}
	} else {
		field = bytes.TrimRight(r.upTo(bytes.IndexAny(r.rest, ",\n")), "\r")
		if bytes.IndexByte(field, '"') >= 0 {
			return nil, false, errors.New("a quote stands inside a field that does not begin with one")
		}
		if bytes.IndexByte(field, 0) >= 0 {
			return nil, false, errors.New("a zero byte: this is not a text file")
		}
	}
	end := bytes.IndexAny(r.rest, ",\n")
	if end < 0 {
		r.rest = nil
		return field, false, nil
	}
	more = r.rest[end] == ','
	if !more {
		r.line++
	}
	r.rest = r.rest[end+1:]
	return field, more, nil
}

func (r *reader) upTo(end int) []byte {
	if end < 0 {
		return r.rest
	}
	return r.rest[:end]
}

// quoted takes a quoted field from the rest. Doubled quotes are undone in
// place, so that no copy of a secret is made.
func (r *reader) quoted() ([]byte, error) {
	field := r.rest[1:1]
	for i := 1; i < len(r.rest); i++ {
		switch b := r.rest[i]; {
		case b == '\n':
			return nil, errors.New("a quote is not closed on its line")
		case b != '"':
			field = append(field, b)
		case i+1 < len(r.rest) && r.rest[i+1] == '"':
			field = append(field, '"')
			i++
		default:
			r.rest = r.rest[i+1:]
			return field, nil
		}
	}
	return nil, errors.New("a quote is not closed")
}
