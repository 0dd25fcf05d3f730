package keystore

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"unicode"
	"unicode/utf8"

	"filippo.io/age"
)

const (
	formatName = "mfad-vault-1"

	maxManifest  = 16 << 20
	maxSlots     = 64
	maxItems     = 8192
	maxText      = 256 // a name or a label
	maxFacts     = 64
	maxFactKey   = 64
	maxFactValue = 4096
)

// manifest is vault.json. A manifest is never changed in place: a writer makes
// the next one, so that readers may keep theirs.
type manifest struct {
	Format     string `json:"format"`
	Generation uint64 `json:"generation"`
	Recipient  string `json:"recipient"`
	Slots      []Slot `json:"slots"`
	Items      []Item `json:"items"`
	MAC        string `json:"mac"`

	spelling // empty while the manifest is being changed
}

// next is a copy to be changed, one generation on.
func (m *manifest) next() *manifest {
	n := *m
	n.Generation++
	n.Slots, n.Items = slices.Clone(m.Slots), slices.Clone(m.Items)
	n.spelling = spelling{items: slices.Clone(m.items)}
	return &n
}

func (m *manifest) slot(id string) int {
	return slices.IndexFunc(m.Slots, func(s Slot) bool { return s.ID == id })
}

func (m *manifest) item(id string) int {
	return slices.IndexFunc(m.Items, func(i Item) bool { return i.ID == id })
}

func (m *manifest) named(kind Kind, name string) int {
	return slices.IndexFunc(m.Items, func(i Item) bool { return i.Kind == kind && i.Name == name })
}

// itemAt is item of an ID that a caller gave. It wraps ErrNoItem.
func (m *manifest) itemAt(id string) (int, error) {
	at := m.item(id)
	if at < 0 {
		return at, fmt.Errorf("%w: %.80q", ErrNoItem, id)
	}
	return at, nil
}

// parseManifest reads vault.json. Whatever encode would not have written is
// refused: unknown and repeated fields, other capitals or blanks, trailing
// data. The MAC is not looked at.
func parseManifest(b []byte) (*manifest, error) {
	if len(b) > maxManifest {
		return nil, fmt.Errorf("%w: vault.json is longer than %d bytes", ErrDamaged, maxManifest)
	}
	var m manifest
	if err := json.Unmarshal(b, &m); err != nil {
		return nil, fmt.Errorf("%w: vault.json is not what mfad writes: %v", ErrDamaged, err)
	}
	if m.Format != formatName {
		return nil, fmt.Errorf("%w: vault.json has the format %.40q and this mfad reads %q: update mfad", ErrDamaged, m.Format, formatName)
	}
	if err := m.check(); err != nil {
		return nil, fmt.Errorf("%w: vault.json: %v", ErrDamaged, err)
	}
	m.spell(len(b))
	if !bytes.Equal(m.text, b) {
		return nil, fmt.Errorf("%w: vault.json is not spelled as mfad writes it", ErrDamaged)
	}
	return &m, nil
}

// check holds for each manifest that is read, and for each before it is
// written. An item whose spelling is known was checked before.
func (m *manifest) check() error {
	if m.Generation == 0 {
		return fmt.Errorf("generation 0")
	}
	if _, err := age.ParseX25519Recipient(m.Recipient); err != nil {
		return fmt.Errorf("bad recipient")
	}
	if len(m.Slots) == 0 || len(m.Slots) > maxSlots || len(m.Items) > maxItems {
		return fmt.Errorf("%d slots and %d items; 1 to %d and 0 to %d are possible", len(m.Slots), len(m.Items), maxSlots, maxItems)
	}
	if err := m.checkSlots(); err != nil {
		return err
	}
	return m.checkItems()
}

func (m *manifest) checkSlots() error {
	seen := make(map[string]bool)
	for _, s := range m.Slots {
		if err := s.check(); err != nil {
			return fmt.Errorf("slot %.80q: %w", s.ID, err)
		}
		if seen[s.ID] {
			return fmt.Errorf("slot %q stands twice", s.ID)
		}
		seen[s.ID] = true
	}
	return nil
}

// checkItems checks each item that is new, and that no other has its id, or its kind
// and name; nor is its id a slot's.
func (m *manifest) checkItems() error {
	type title struct {
		kind Kind
		name string
	}
	ids, titles := map[string]int{}, map[title]int{} // of those that are new
	for at, i := range m.Items {
		if at < len(m.items) && m.items[at] != nil {
			continue
		}
		if err := i.check(m.Generation); err != nil {
			return fmt.Errorf("item %.80q: %w", i.ID, err)
		}
		if m.slot(i.ID) >= 0 {
			return fmt.Errorf("item %q stands twice", i.ID)
		}
		ids[i.ID], titles[title{i.Kind, i.Name}] = at, at
	}
	for at, i := range m.Items {
		one, known := ids[i.ID]
		other, named := titles[title{i.Kind, i.Name}]
		if known && one != at || named && other != at {
			return fmt.Errorf("item %q stands twice", i.ID)
		}
	}
	return nil
}

var (
	idPattern   = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)+$`)
	kindPattern = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)
	hashPattern = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

func (s Slot) check() error {
	if !idPattern.MatchString(s.ID) || len(s.ID) > maxText {
		return fmt.Errorf("bad id")
	}
	if !kindPattern.MatchString(string(s.Kind)) {
		return fmt.Errorf("bad kind")
	}
	if !hashPattern.MatchString(s.SHA256) {
		return fmt.Errorf("bad sha256")
	}
	if err := checkText("label", s.Label, maxText); err != nil {
		return err
	}
	return checkFacts(s.Facts)
}

func (i Item) check(generation uint64) error {
	if !idPattern.MatchString(i.ID) || len(i.ID) > maxText {
		return fmt.Errorf("bad id")
	}
	if i.Written == 0 || i.Written > generation {
		return fmt.Errorf("written in generation %d of %d", i.Written, generation)
	}
	if !hashPattern.MatchString(i.SHA256) {
		return fmt.Errorf("bad sha256")
	}
	return i.checkPublic()
}

// checkPublic is the part of check that the caller of Put answers for.
func (i Item) checkPublic() error {
	if !kindPattern.MatchString(string(i.Kind)) {
		return fmt.Errorf("bad kind")
	}
	if i.Name == "" {
		return fmt.Errorf("empty name")
	}
	if err := checkText("name", i.Name, maxText); err != nil {
		return err
	}
	return checkFacts(i.Facts)
}

func checkFacts(facts map[string]string) error {
	if len(facts) > maxFacts {
		return fmt.Errorf("%d facts; %d are possible", len(facts), maxFacts)
	}
	for k, v := range facts {
		if err := checkText("fact's name", k, maxFactKey); err != nil {
			return err
		}
		if err := checkText("fact "+strconv.Quote(k), v, maxFactValue); err != nil {
			return err
		}
	}
	return nil
}

// checkText refuses what could confuse a terminal or the eye, and what JSON
// encoders spell in more than one way.
func checkText(what, s string, most int) error {
	if len(s) > most {
		return fmt.Errorf("%s of %d bytes; %d are possible", what, len(s), most)
	}
	if !utf8.ValidString(s) {
		return fmt.Errorf("%s is not UTF-8", what)
	}
	for _, r := range s {
		if !unicode.IsPrint(r) || r == utf8.RuneError {
			return fmt.Errorf("%s holds the unprintable character %U", what, r)
		}
	}
	return nil
}
