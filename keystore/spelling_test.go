package keystore

import (
	"bytes"
	"encoding/json"
	"testing"

	"filippo.io/age"
)

// spelled is what vault.json of a manifest looks like, by the book.
func (m *manifest) spelled() []byte {
	b, err := json.MarshalIndent(m, "", indent)
	if err != nil {
		panic(err)
	}
	return append(b, '\n')
}

// What is put together of known parts is what is made from nothing, change after
// change.
func TestChangedManifestIsSpelledAsANewOne(t *testing.T) {
	f := newFixture(t, Options{Hold: -1})
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		man := f.state.manifest()
		if want := man.spelled(); !bytes.Equal(man.text, want) {
			t.Fatalf("spelled\n%s\nwant\n%s", man.text, want)
		}
		for at, item := range man.Items {
			if want := marshal(indent+indent, item); !bytes.Equal(man.items[at], want) {
				t.Fatalf("item %d is remembered as\n%s\nwant\n%s", at, man.items[at], want)
			}
		}
		onDisk, err := parseManifest(man.text)
		if err != nil || !bytes.Equal(onDisk.text, man.text) {
			t.Fatalf("read again: %v", err)
		}
	}
	check(nil)
	one, two := f.put(t, "one", "1"), f.put(t, "two <&>", "2")
	check(nil)
	check(f.SetFacts(one.ID, map[string]string{"serial": "1"}))
	_, err := f.Put(Item{ID: two.ID, Kind: two.Kind, Name: "zwei"}, []byte("3"))
	check(err)
	_, err = f.AddSlot(SlotSpec{Kind: SlotRecovery, Label: "another", Recipient: f.keychain.(*age.X25519Identity).Recipient()})
	check(err)
	check(f.Remove(one.ID))
	f.put(t, "three", "3")
	check(nil)
	check(f.Remove(two.ID))
}
