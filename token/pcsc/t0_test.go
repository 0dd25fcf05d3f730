//go:build cgo && linux

package pcsc

import (
	"bytes"
	"errors"
	"testing"

	"github.com/mfad/mfad/token"
)

// t0Card is strict about T=0: five bytes of header, data only behind P3, and
// answers that wait until they are fetched.
type t0Card struct {
	t       *testing.T
	waiting []byte
}

func (c *t0Card) command(tpdu []byte) []byte {
	if len(tpdu) < 5 {
		c.t.Errorf("TPDU %x has no P3", tpdu)
		return []byte{0x67, 0x00}
	}
	ins, p3, data := tpdu[1], tpdu[4], tpdu[5:]
	if len(data) != 0 && len(data) != int(p3) {
		c.t.Errorf("TPDU %x has %d bytes of data", tpdu, len(data))
		return []byte{0x67, 0x00}
	}
	switch ins {
	case 0x10: // data in, an answer to fetch
		c.waiting = append([]byte("got "), data...)
		return []byte{0x61, byte(len(c.waiting))}
	case 0x20: // data in, none out
		return []byte{0x90, 0x00}
	case 0x30: // an answer of exactly three bytes
		if p3 != 3 {
			return []byte{0x6C, 3}
		}
		return []byte{1, 2, 3, 0x90, 0x00}
	case 0x40: // the applet has more than fits
		return []byte{1, 2, 0x61, 5}
	case 0x50: // an answer to fetch, whose length it names twice
		c.waiting = []byte{7}
		return []byte{0x61, 0}
	case insGetResponse:
		if int(p3) != len(c.waiting) {
			return []byte{0x6C, byte(len(c.waiting))}
		}
		return append(c.waiting, 0x90, 0x00)
	}
	return []byte{0x6D, 0x00}
}

func TestT0SendsDataInOneDirectionAtATime(t *testing.T) {
	played := &t0Card{t: t}
	c := connectTo(t, open(t), insert(t, 0, &card{atr: atrT0, command: played.command}))
	if c.protocol != protocolT0 {
		t.Fatalf("protocol is %d", c.protocol)
	}
	for name, tt := range map[string]struct{ apdu, want string }{
		"case 1":             {"\x00\x20\x00\x00", "\x90\x00"},
		"case 2, wrong Le":   {"\x00\x30\x00\x00\x00", "\x01\x02\x03\x90\x00"},
		"case 2, right Le":   {"\x00\x30\x00\x00\x03", "\x01\x02\x03\x90\x00"},
		"case 3":             {"\x00\x20\x00\x00\x02ab", "\x90\x00"},
		"case 4":             {"\x00\x10\x00\x00\x02ab\x00", "got ab\x90\x00"},
		"more of the applet": {"\x00\x40\x00\x00\x00", "\x01\x02\x61\x05"},
		"fetched twice":      {"\x00\x50\x00\x00\x01a\x00", "\x07\x90\x00"},
		"unknown":            {"\x00\x60\x00\x00\x00", "\x6D\x00"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := send(c, []byte(tt.apdu)...)
			if err != nil || string(got) != tt.want {
				t.Errorf("answer is %x, %v, want %x", got, err, tt.want)
			}
		})
	}
	_, err := send(c, append([]byte{0, 0x20, 0, 0, 0, 1, 0}, make([]byte, 256)...)...)
	wantError(t, err, token.ErrUnsupported)
}

func FuzzT0(f *testing.F) {
	f.Add([]byte("\x00\x10\x00\x00\x02ab\x00"), []byte("\x61\x02"))
	f.Add([]byte("\x00\x30\x00\x00\x00"), []byte("\x6C\x02"))
	f.Fuzz(func(t *testing.T, apdu, answer []byte) {
		if len(apdu) < 4 {
			return
		}
		calls := 0
		_, _ = transmitT0(func(tpdu []byte) ([]byte, error) {
			if calls++; len(tpdu) < 5 || len(tpdu) > 5 && len(tpdu) != 5+int(tpdu[4]) {
				t.Errorf("%x became TPDU %x", apdu, tpdu)
			}
			return bytes.Clone(answer), nil
		}, apdu)
		if calls > 3 {
			t.Errorf("%d exchanges", calls)
		}
	})
}

func TestErrorsOfTheCardEndT0(t *testing.T) {
	gone := errors.New("gone")
	_, err := transmitT0(func([]byte) ([]byte, error) { return nil, gone }, []byte{0, 1, 2, 3})
	wantError(t, err, gone)
}
