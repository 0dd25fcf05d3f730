package keystore

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// spelling is a manifest as it is written. A vault of thousands of items is
// changed one item at a time: what the others are spelled like is known from the
// manifest before.
type spelling struct {
	text  []byte   // all of vault.json
	items [][]byte // parts of a text, one an item; nil: not known
}

// indent is how far a level of vault.json stands to the right of the one above.
const indent = "  "

// spell sets the one spelling of a manifest; parseManifest refuses any other. It
// is what json.MarshalIndent makes of the exported fields, made of the spellings
// of items that are known. The length is a guess.
func (m *manifest) spell(length int) {
	text := make([]byte, 0, length)
	head := marshal("", struct {
		Format     string `json:"format"`
		Generation uint64 `json:"generation"`
		Recipient  string `json:"recipient"`
		Slots      []Slot `json:"slots"`
	}{m.Format, m.Generation, m.Recipient, m.Slots})
	text = append(text, head[:len(head)-len("\n}")]...)
	text = append(text, ",\n"+indent+`"items": [`...)

	ends := make([][2]int, len(m.Items))
	for at, item := range m.Items {
		if at > 0 {
			text = append(text, ',')
		}
		text = append(text, "\n"+indent+indent...)
		ends[at][0] = len(text)
		if at < len(m.items) && m.items[at] != nil {
			text = append(text, m.items[at]...)
		} else {
			text = append(text, marshal(indent+indent, item)...)
		}
		ends[at][1] = len(text)
	}
	if len(m.Items) > 0 {
		text = append(text, "\n"+indent...)
	}
	text = append(text, "],\n"+indent+`"mac": `...)
	text = append(text, marshal("", m.MAC)...)
	text = append(text, "\n}\n"...)

	m.text, m.items = text, make([][]byte, len(m.Items))
	for at, end := range ends { // of the new text, so that the old can go
		m.items[at] = text[end[0]:end[1]:end[1]]
	}
}

func marshal(prefix string, value any) []byte {
	b, err := json.MarshalIndent(value, prefix, indent)
	if err != nil {
		panic(err) // strings, numbers and times of four-digit years always marshal
	}
	return b
}

// sign spells a manifest with its MAC, which is over the spelling without one.
func (m *manifest) sign(key []byte) {
	m.MAC = ""
	m.spell(m.length())
	m.MAC = m.sum(key)
	m.text = append(m.text[:len(m.text)-len(macEnd)], m.MAC+macEnd...)
}

// macEnd follows the MAC in vault.json.
const macEnd = "\"\n}\n"

// length is a little more than that of the text, as far as it is known.
func (m *manifest) length() int {
	const slot, other = 1 << 10, 8 << 10
	length := other + len(m.Slots)*slot
	for _, item := range m.items {
		length += len(item) + len(",\n"+indent+indent)
	}
	return length
}

// sum is the MAC over everything else in a manifest that was spelled, in hex.
func (m *manifest) sum(key []byte) string {
	h := hmac.New(sha256.New, key)
	h.Write(m.text[:len(m.text)-len(m.MAC+macEnd)])
	h.Write([]byte(macEnd))
	return hex.EncodeToString(h.Sum(nil))
}

func (m *manifest) authentic(key []byte) bool {
	return hmac.Equal([]byte(m.MAC), []byte(m.sum(key)))
}
