package oath

import (
	"bytes"
	"testing"
)

func FuzzTLV(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("\x71\x03abc\x74\x00"))
	f.Add([]byte("\x71\x81\x03abc"))
	f.Add([]byte("\x71\x82\x00\x03abc"))
	f.Add([]byte("\x71\x80\x00\x00"))
	f.Add([]byte("\x71\x05ab"))
	f.Fuzz(func(t *testing.T, b []byte) {
		objects, err := parseTLV(b)
		if err != nil {
			if objects != nil {
				t.Error("an error, and objects too")
			}
			return
		}
		var again []byte
		for _, o := range objects {
			if len(o.value) > 255 {
				return
			}
			again = appendTLV(again, o.tag, o.value)
		}
		if len(again) > len(b) {
			t.Errorf("%x became %x, which is longer", b, again)
		}
		parsed, err := parseTLV(again)
		if err != nil || len(parsed) != len(objects) {
			t.Fatalf("%x does not parse again: %v", again, err)
		}
		for i, o := range parsed {
			if o.tag != objects[i].tag || !bytes.Equal(o.value, objects[i].value) {
				t.Errorf("object %d of %x changed", i, b)
			}
		}
	})
}
