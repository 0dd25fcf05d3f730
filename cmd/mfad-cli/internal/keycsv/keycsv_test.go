package keycsv

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/mfad/mfad/credproc/config"
)

const (
	testID     = "AKIAIOSFODNN7EXAMPLE"
	testSecret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	fiveTitles = "User name,Password,Access key ID,Secret access key,Console login link"
)

func TestCSVReadsBothShapesOfTheConsole(t *testing.T) {
	for name, test := range map[string]struct {
		text string
		user string
		line int
	}{
		"two columns":        {"Access key ID,Secret access key\n" + testID + "," + testSecret + "\n", "", 2},
		"byte order mark":    {"\ufeffAccess key ID,Secret access key\r\n" + testID + "," + testSecret + "\r\n", "", 2},
		"no final newline":   {"Access key ID,Secret access key\n" + testID + "," + testSecret, "", 2},
		"quoted":             {"\"Access key ID\",\"Secret access key\"\r\n\"" + testID + "\",\"" + testSecret + "\"\r\n", "", 2},
		"five columns":       {fiveTitles + "\nalice,pw," + testID + "," + testSecret + ",https://x\n", "alice", 2},
		"quoted odd user":    {fiveTitles + "\n\"a,\"\"b\"\"\",\"p,w\"," + testID + "," + testSecret + ",\n", `a,"b"`, 2},
		"blank lines":        {"\r\n\nAccess key ID,Secret access key\n\n" + testID + "," + testSecret + "\n\n", "", 5},
		"user without a key": {"User name,Access key ID,Secret access key\nbob,,\nalice," + testID + "," + testSecret + "\n", "alice", 3},
	} {
		t.Run(name, func(t *testing.T) {
			keys, err := Parse([]byte(test.text))
			if err != nil {
				t.Fatal(err)
			}
			if len(keys) != 1 {
				t.Fatalf("%d keys", len(keys))
			}
			k := keys[0]
			if k.ID != testID || string(k.Secret) != testSecret || k.User != test.user || k.Line != test.line {
				t.Errorf("got user %q, line %d, id %q", k.User, k.Line, k.ID)
			}
		})
	}
}

func TestCSVErrorNamesTheLineAndNoSecret(t *testing.T) {
	const titles = "Access key ID,Secret access key\n"
	good := testID + "," + testSecret + "\n"
	for name, test := range map[string]struct{ text, want string }{
		"empty":             {"", "empty"},
		"titles alone":      {titles, "no access key"},
		"other titles":      {"Name,Value\n" + good, "line 1: no columns"},
		"title twice":       {"Access key ID,Access key ID,Secret access key\n", "line 1: column 2"},
		"html":              {"<!DOCTYPE html>\n<html>\n", "line 1: no columns"},
		"utf-16":            {"\xff\xfeA\x00", "UTF-16"},
		"field missing":     {titles + good + testSecret + "\n", "line 3: 1 fields"},
		"field too many":    {titles + testID + "," + testSecret + ",x\n", "line 2: 3 fields"},
		"columns swapped":   {titles + testSecret + "," + testID + "\n", "line 2: the access key ID"},
		"temporary":         {titles + "ASIAIOSFODNN7EXAMPLE," + testSecret + "\n", "line 2: an access key ID that begins with ASIA"},
		"secret cut":        {titles + testID + ",wJalr\n", "line 2: the secret access key"},
		"secret missing":    {titles + testID + ",\n", "line 2: the secret access key"},
		"open quote":        {titles + testID + ",\"" + testSecret + "\n", "line 2: a quote is not closed"},
		"open quote at end": {titles + testID + ",\"" + testSecret, "line 2: a quote is not closed"},
		"quote inside":      {titles + testID + "," + testSecret + "\"\n", "line 2: a quote stands inside"},
		"after quote":       {titles + "\"" + testID + "\"x," + testSecret + "\n", "line 2: text follows"},
		"binary":            {titles + testID + ",\x00\x00" + testSecret + "\n", "line 2: a zero byte"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse([]byte(test.text))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %v, want %q", err, test.want)
			}
			if strings.Contains(err.Error(), "wJalr") {
				t.Error("the error quotes the secret")
			}
		})
	}
}

// FuzzCSV holds Parse to what it promises, and to encoding/csv: a file that
// both take has the same fields.
func FuzzCSV(f *testing.F) {
	f.Add([]byte("Access key ID,Secret access key\n" + testID + "," + testSecret + "\n"))
	f.Add([]byte("\ufeff" + fiveTitles + "\r\n\"a,\"\"b\",," + testID + "," + testSecret + ",\r\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		before := bytes.Clone(data)
		keys, err := Parse(data)
		if (err == nil) != (len(keys) > 0) {
			t.Fatalf("%d keys and error %v", len(keys), err)
		}
		if err != nil {
			return
		}
		theirs := readWithStandardLibrary(before)
		for _, k := range keys {
			if config.CheckLongTermKey(k.ID, k.Secret) != nil {
				t.Error("took a key that it should refuse")
			}
			if theirs != nil && !theirs[k.ID+","+string(k.Secret)] {
				t.Error("took a key that encoding/csv does not see")
			}
		}
	})
}

// readWithStandardLibrary returns each pair of fields of a record; nil when
// the file is not what encoding/csv takes.
func readWithStandardLibrary(data []byte) map[string]bool {
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(data, []byte("\ufeff"))))
	r.FieldsPerRecord = -1
	pairs := map[string]bool{}
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return pairs
		} else if err != nil {
			return nil
		}
		for _, a := range record {
			for _, b := range record {
				pairs[strings.TrimSpace(a)+","+strings.TrimSpace(b)] = true
			}
		}
	}
}
