package totp

import (
	"bytes"
	"encoding/base64"
	"slices"
	"testing"
)

// Whatever a text is, and whatever is wrong with it, nothing of it stays where it
// was taken apart.
func TestParsingLeavesNothingBehind(t *testing.T) {
	entry := append([]byte{0x0a, 12, 0x0a, 10}, "JBSWY3DPEH"...)
	export := base64.URLEncoding.EncodeToString(entry)
	for _, test := range []struct {
		text string
		ok   bool
	}{
		{google, true},
		{"jbsw-y3dp ehpk 3pxp======", true},
		{google + "1", false},
		{google + "A", false},
		{"otpauth://totp/a?secret=" + google + "&issuer=b", true},
		{"otpauth://totp/a?secret=" + google + "&digits=9", false},
		{"otpauth://totp/a%?secret=" + google, false},
		{"otpauth://totp/a?secret=" + google + "%4", false},
		{"otpauth://totp/a?secret=" + google + "%zz", false},
		{"otpauth://totp/a?secret=" + google + "&secret=" + google, false},
		{"otpauth-migration://offline?data=" + export, true},
		{"otpauth-migration://offline?data=" + export + "!", false},
		{"otpauth-migration://offline?data=" + export[:12], false},
	} {
		var s scratch
		batch, err := s.parse(slices.Clip([]byte(test.text))) // beyond it there is nothing
		if ok := err == nil; ok != test.ok {
			t.Errorf("%s: %v", test.text, err)
		}
		WipeAll(batch.Keys)
		if len(s.rooms) == 0 {
			t.Errorf("%s: taken apart elsewhere", test.text)
		}
		for _, r := range s.rooms {
			if !bytes.Equal(r, make([]byte, len(r))) {
				t.Errorf("%s: left behind", test.text)
			}
		}
	}
}
