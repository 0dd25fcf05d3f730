package keystore

import (
	"bytes"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// sample is a manifest with one of everything. Its MAC is nobody's.
func sample() *manifest {
	created := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	return &manifest{
		Format: formatName, Generation: 7,
		Recipient: "age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa",
		Slots: []Slot{
			{ID: "recovery-aaaaaaaaaaaa", Kind: SlotRecovery, Label: "paper in the safe", Created: created, SHA256: sumHex(nil)},
			{
				ID: "plugin-bbbbbbbbbbbb", Kind: SlotPlugin, Created: created, SHA256: sumHex(nil),
				Facts: map[string]string{factPluginIdentity: "AGE-PLUGIN-X-1"},
			},
		},
		Items: []Item{
			{
				ID: "totp-cccccccccccc", Name: "Zoë's phone <a&b>", Kind: KindTOTP, Created: created, Written: 7, SHA256: sumHex(nil),
				Facts: map[string]string{"a": "", "b": "2"},
			},
			{ID: "access-key-dddddddddddd", Name: "base", Kind: KindAccessKey, Created: created, Written: 1, SHA256: sumHex(nil)},
		},
		MAC: sumHex([]byte("nobody")),
	}
}

func TestManifestIsReadAsWritten(t *testing.T) {
	text := sample().spelled()
	m, err := parseManifest(text)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(m.spelled(), text) {
		t.Errorf("written again:\n%s", m.spelled())
	}
}

// TestManifestHasOneSpelling edits the text, as a careless program or a
// careful attacker does.
func TestManifestHasOneSpelling(t *testing.T) {
	text := string(sample().spelled())
	for name, edit := range map[string][2]string{
		"unknown field":          {`"generation": 7,`, `"generation": 7,` + "\n" + `  "extra": 1,`},
		"unknown field of item":  {`"written": 7,`, `"written": 7,` + "\n" + `      "extra": 1,`},
		"field twice":            {`"generation": 7,`, `"generation": 7,` + "\n" + `  "generation": 7,`},
		"field of another case":  {`"generation"`, `"Generation"`},
		"fact twice":             {`"b": "2"`, `"b": "2",` + "\n" + `        "b": "2"`},
		"escaped letter":         {`"base"`, `"\u0062ase"`},
		"number as float":        {`"generation": 7,`, `"generation": 7.0,`},
		"leading zero":           {`"generation": 7,`, `"generation": 07,`},
		"negative":               {`"generation": 7,`, `"generation": -7,`},
		"too large":              {`"generation": 7,`, `"generation": 18446744073709551616,`},
		"generation 0":           {`"generation": 7,`, `"generation": 0,`},
		"time zone":              {`03:04:05Z`, `03:04:05+00:00`},
		"blank":                  {`": 7`, `":  7`},
		"tab":                    {`  "generation"`, "\t" + `"generation"`},
		"carriage return":        {"\n", "\r\n"},
		"trailing data":          {"\n}\n", "\n}\n{}\n"},
		"trailing blank":         {"\n}\n", "\n}\n\n"},
		"no newline":             {"\n}\n", "\n}"},
		"byte order mark":        {"{\n  \"format\"", "\ufeff{\n  \"format\""},
		"another format":         {formatName, "mfad-vault-2"},
		"bad recipient":          {"age1t7rx", "age1t7ry"},
		"slot id climbs":         {"recovery-aaaaaaaaaaaa", "../../etc-passwd"},
		"item id climbs":         {"totp-cccccccccccc", "..-totp"},
		"item id with slash":     {"totp-cccccccccccc", "totp/cccc-c"},
		"item id with backslash": {"totp-cccccccccccc", `totp\\cc-c`},
		"item id is absolute":    {"totp-cccccccccccc", "/etc/passwd-x"},
		"item id empty":          {"totp-cccccccccccc", ""},
		"item id of a slot":      {"totp-cccccccccccc", "recovery-aaaaaaaaaaaa"},
		"item id twice":          {"totp-cccccccccccc", "access-key-dddddddddddd"},
		"slot id twice":          {"plugin-bbbbbbbbbbbb", "recovery-aaaaaaaaaaaa"},
		"kind":                   {`"kind": "totp"`, `"kind": "TOTP"`},
		"hash in capitals":       {`"sha256": "e3b`, `"sha256": "E3b`},
		"hash too short":         {`"sha256": "e3b`, `"sha256": "3b`},
		"written later":          {`"written": 7`, `"written": 8`},
		"written never":          {`"written": 7`, `"written": 0`},
		"name empty":             {`"name": "base"`, `"name": ""`},
		"name with escape":       {`"name": "base"`, `"name": "\u001b[2J"`},
		"name not UTF-8":         {`"name": "base"`, "\"name\": \"b\xffse\""},
		"slots missing":          {`"slots": [`, `"slots": [], "x": [`},
	} {
		if !strings.Contains(text, edit[0]) {
			t.Fatalf("%s: nothing to edit", name)
		}
		if _, err := parseManifest([]byte(strings.Replace(text, edit[0], edit[1], 1))); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, whole := range map[string]string{"empty": "", "null": "null\n", "list": "[]\n", "deep": strings.Repeat("[", 1<<16)} {
		if _, err := parseManifest([]byte(whole)); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestManifestRefusesTwoItemsOfAName(t *testing.T) {
	m := sample()
	m.Items[1].Kind, m.Items[1].Name = m.Items[0].Kind, m.Items[0].Name
	if _, err := parseManifest(m.spelled()); !errors.Is(err, ErrDamaged) {
		t.Error(err)
	}
}

func TestManifestIsBounded(t *testing.T) {
	m := sample()
	slot := m.Slots[0]
	for len(m.Slots) <= maxSlots {
		slot.ID = newID("recovery")
		m.Slots = append(m.Slots, slot)
	}
	if _, err := parseManifest(m.spelled()); !errors.Is(err, ErrDamaged) {
		t.Errorf("%d slots: %v", len(m.Slots), err)
	}
	if _, err := parseManifest(make([]byte, maxManifest+1)); !errors.Is(err, ErrDamaged) {
		t.Error(err)
	}
}

// FuzzManifest: what is accepted has one spelling, and names no file outside
// its folder.
func FuzzManifest(f *testing.F) {
	f.Add(sample().spelled())
	empty := sample()
	empty.Items, empty.Slots = []Item{}, empty.Slots[:1]
	f.Add(empty.spelled())
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := parseManifest(text)
		if err != nil {
			if !errors.Is(err, ErrDamaged) {
				t.Fatalf("%v is not ErrDamaged", err)
			}
			return
		}
		if !bytes.Equal(m.spelled(), text) {
			t.Fatal("two spellings")
		}
		var files []string
		for _, s := range m.Slots {
			files = append(files, s.File())
		}
		for _, i := range m.Items {
			files = append(files, i.File())
		}
		for _, rel := range files {
			dir, base := filepath.Split(rel)
			if !filepath.IsLocal(rel) || dir != slotsDir+"/" && dir != itemsDir+"/" || strings.ContainsAny(base, `/\:`) {
				t.Fatalf("names the file %q", rel)
			}
		}
	})
}
