//go:build linux

package ctap

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// host speaks CTAPHID by hand.
type host struct {
	t *testing.T
	f *os.File
}

func open(t *testing.T, k *Key) *host {
	t.Helper()
	f, err := os.OpenFile(k.Path(), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return &host{t, f}
}

// packet sends one report: a first packet if cmd has the upper bit, else a
// continuation of that number.
func (h *host) packet(channel uint32, cmd byte, data ...byte) {
	h.t.Helper()
	report := make([]byte, 1+reportSize)
	binary.BigEndian.PutUint32(report[1:], channel)
	report[5] = cmd
	copy(report[6:], data)
	if _, err := h.f.Write(report); err != nil {
		h.t.Fatal(err)
	}
}

// send sends a whole message.
func (h *host) send(channel uint32, cmd byte, data []byte) {
	h.t.Helper()
	n := min(len(data), reportSize-7)
	h.packet(channel, cmd|hidFirst, append([]byte{byte(len(data) >> 8), byte(len(data))}, data[:n]...)...)
	for seq := byte(0); n < len(data); seq++ {
		end := min(len(data), n+reportSize-5)
		h.packet(channel, seq, data[n:end]...)
		n = end
	}
}

// receive reads a whole message that is not a keepalive.
func (h *host) receive() (channel uint32, cmd byte, data []byte) {
	h.t.Helper()
	report := make([]byte, reportSize)
	for {
		h.read(report)
		channel, cmd = binary.BigEndian.Uint32(report), report[4]
		want := int(binary.BigEndian.Uint16(report[5:]))
		if cmd == hidKeepalive|hidFirst {
			continue
		}
		data = append(data, report[7:min(reportSize, 7+want)]...)
		for seq := byte(0); len(data) < want; seq++ {
			h.read(report)
			if report[4] != seq {
				h.t.Fatalf("continuation %d, want %d", report[4], seq)
			}
			data = append(data, report[5:min(reportSize, 5+want-len(data))]...)
		}
		return channel, cmd &^ hidFirst, data
	}
}

func (h *host) read(report []byte) {
	h.t.Helper()
	if n, err := h.f.Read(report); err != nil || n != reportSize {
		h.t.Fatalf("reading a report: %d bytes, %v", n, err)
	}
}

func (h *host) want(channel uint32, cmd byte, data ...byte) {
	h.t.Helper()
	gotChannel, gotCmd, got := h.receive()
	if gotChannel != channel || gotCmd != cmd || !bytes.Equal(got, data) {
		h.t.Fatalf("channel %x command %#x % x, want %x %#x % x", gotChannel, gotCmd, got, channel, cmd, data)
	}
}

// channel allocates one.
func (h *host) channel() uint32 {
	h.t.Helper()
	nonce := []byte("nonce...")
	h.send(broadcast, hidInit, nonce)
	_, cmd, data := h.receive()
	if cmd != hidInit || len(data) != 17 || !bytes.Equal(data[:8], nonce) {
		h.t.Fatalf("INIT: %#x % x", cmd, data)
	}
	return binary.BigEndian.Uint32(data[8:])
}

func TestHIDCarriesMessagesOfEachLength(t *testing.T) {
	h := open(t, newKey(t, Options{}))
	a, b := h.channel(), h.channel()
	if a == b {
		t.Fatal("one channel twice")
	}
	for _, n := range []int{0, 1, 57, 58, 116, 117, 1024, maxMessage} {
		data := bytes.Repeat([]byte{byte(n)}, n)
		for _, channel := range []uint32{a, b} {
			h.send(channel, hidPing, data)
			h.want(channel, hidPing, data...)
		}
	}
	h.send(a, hidWink, nil)
	h.want(a, hidWink)
	h.send(a, hidInit, []byte("again..."))
	if channel, _, data := h.receive(); channel != a || binary.BigEndian.Uint32(data[8:]) != a {
		t.Error("INIT on a channel gives another")
	}
}

func TestHIDRefusesWhatItMust(t *testing.T) {
	h := open(t, newKey(t, Options{}))
	a, b := h.channel(), h.channel()
	for name, c := range map[string]struct {
		do   func()
		on   uint32
		code byte
	}{
		"unknown command":     {func() { h.send(a, 0x20, nil) }, a, errInvalidCmd},
		"U2F":                 {func() { h.send(a, 0x03, []byte{0, 3, 0, 0}) }, a, errInvalidCmd},
		"unknown channel":     {func() { h.send(77, hidPing, nil) }, 77, errInvalidChannel},
		"too long":            {func() { h.packet(a, hidPing|hidFirst, 0xff, 0xff) }, a, errInvalidLen},
		"empty CBOR":          {func() { h.send(a, hidCBOR, nil) }, a, errInvalidLen},
		"short INIT":          {func() { h.send(broadcast, hidInit, []byte{1}) }, broadcast, errInvalidLen},
		"wrong sequence":      {func() { h.packet(a, hidPing|hidFirst, 0, 100); h.packet(a, 1) }, a, errInvalidSeq},
		"begun twice":         {func() { h.packet(a, hidPing|hidFirst, 0, 100); h.packet(a, hidPing|hidFirst, 0, 1) }, a, errInvalidSeq},
		"never finished":      {func() { h.packet(a, hidPing|hidFirst, 0, 100) }, a, errMsgTimeout},
		"a stray packet":      {func() { h.packet(a, 0); h.send(a, 0x20, nil) }, a, errInvalidCmd},
		"a stray cancel":      {func() { h.send(a, hidCancel, nil); h.send(a, 0x20, nil) }, a, errInvalidCmd},
		"INIT on no channel":  {func() { h.send(5, hidInit, make([]byte, 8)) }, 5, errInvalidChannel},
		"another in between":  {func() { h.packet(a, hidPing|hidFirst, 0, 100); h.send(b, hidPing, nil) }, b, errChannelBusy},
		"broadcast of others": {func() { h.send(broadcast, hidPing, nil) }, broadcast, errInvalidChannel},
	} {
		c.do()
		gotChannel, cmd, data := h.receive()
		if gotChannel != c.on || cmd != hidError || len(data) != 1 || data[0] != c.code {
			t.Errorf("%s: channel %x command %#x % x, want error %#x on %x", name, gotChannel, cmd, data, c.code, c.on)
		}
		h.send(a, hidInit, make([]byte, 8)) // drops what was begun
		h.receive()
	}
}

func TestCancelAndBusyWhileTheKeyWaits(t *testing.T) {
	k := newKey(t, Options{})
	k.SetTouch(TouchNever)
	h := open(t, k)
	a, b := h.channel(), h.channel()
	h.send(a, hidCBOR, []byte{cmdReset}) // needs a touch
	h.send(b, hidCBOR, []byte{cmdGetInfo})
	h.want(b, hidError, errChannelBusy)
	h.send(b, hidCancel, nil) // of another channel: ignored
	h.send(a, hidCancel, nil)
	h.want(a, hidCBOR, byte(StatusCancelled))
	h.send(b, hidCBOR, []byte{0x55})
	h.want(b, hidCBOR, byte(StatusInvalidCommand))
	// One who comes anew ends what the last one waited for.
	h.send(a, hidCBOR, []byte{cmdReset})
	c := h.channel()
	h.send(c, hidCBOR, []byte{cmdGetInfo, 0})
	h.want(c, hidCBOR, byte(StatusInvalidLength))
	if k.Touches() != 0 {
		t.Errorf("%d touches", k.Touches())
	}
}

func TestKeyRefusesLooseCBOR(t *testing.T) {
	k, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	h := open(t, k)
	a := h.channel()
	for name, c := range map[string]struct {
		body []byte
		want Status
	}{
		"not CBOR":       {[]byte{0xff}, StatusInvalidCBOR},
		"two keys equal": {[]byte{0xa2, 1, 1, 1, 2}, StatusInvalidCBOR},
		"unsorted":       {[]byte{0xa2, 2, 1, 1, 1}, StatusInvalidCBOR},
		"long number":    {[]byte{0xa1, 0x18, 2, 1}, StatusInvalidCBOR},
		"endless map":    {[]byte{0xbf, 1, 1, 0xff}, StatusInvalidCBOR},
		"wrong type":     {[]byte{0xa2, 1, 1, 2, 0x41, 0}, StatusUnexpectedType},
		"trailing":       {[]byte{0xa2, 1, 1, 2, 1, 0}, StatusInvalidCBOR},
		"no subcommand":  {[]byte{0xa1, 1, 1}, StatusInvalidParameter},
		"protocol 9":     {[]byte{0xa2, 1, 9, 2, 2}, StatusInvalidParameter},
	} {
		h.send(a, hidCBOR, append([]byte{cmdClientPIN}, c.body...))
		if _, _, data := h.receive(); len(data) != 1 || Status(data[0]) != c.want {
			t.Errorf("%s: % x, want %#x", name, data, byte(c.want))
		}
	}
	if k.Foreign() == nil {
		t.Error("loose CBOR went unnoticed")
	}
}

func TestUnplugTakesTheNodeAway(t *testing.T) {
	link := filepath.Join(t.TempDir(), "key")
	k := newKey(t, Options{Link: link})
	h := open(t, k)
	k.Unplug()
	if n, err := h.f.Read(make([]byte, 64)); err == nil && n > 0 {
		t.Errorf("read %d bytes of a key that is pulled out", n)
	}
	if _, err := os.Lstat(link); !errors.Is(err, fs.ErrNotExist) || k.Path() != "" {
		t.Errorf("the link is left: %v", err)
	}
	if err := k.Replug(); err != nil || k.Path() != link {
		t.Fatal(err)
	}
	open(t, k).channel()
}

func TestFaultHookSeesEachFrame(t *testing.T) {
	k := newKey(t, Options{})
	h := open(t, k)
	a := h.channel()
	var seen []bool
	k.Fault(func(f Frame) Fault {
		seen = append(seen, f.ToHost)
		if f.N == 2 {
			return Fault{Act: Drop}
		}
		return Fault{}
	})
	h.send(a, hidPing, []byte{1})
	h.want(a, hidPing, 1)
	h.send(a, hidPing, []byte{2}) // is lost
	h.send(a, hidPing, []byte{3})
	h.want(a, hidPing, 3)
	k.Fault(nil)
	if len(seen) != 5 || seen[0] || !seen[1] {
		t.Errorf("seen %v", seen)
	}
}

func TestDelayAndTapAreThePersons(t *testing.T) {
	k := newKey(t, Options{TouchTimeout: time.Minute})
	k.SetTouch(TouchNever)
	k.Delay(10 * time.Millisecond)
	h := open(t, k)
	a := h.channel()
	h.send(a, hidCBOR, []byte{cmdReset})
	report := make([]byte, reportSize)
	for status := byte(0); status != touchMe; status = report[7] { // first it works, then it waits
		h.read(report)
	}
	if !k.Tap() {
		t.Error("the key does not wait")
	}
	h.want(a, hidCBOR, byte(StatusOK))
	if k.Tap() || k.Touches() != 1 {
		t.Errorf("%d touches", k.Touches())
	}
	if j := k.Journal(); len(j) != 1 || j[0].String() != "reset -> 0x00" {
		t.Errorf("journal %v", k.Journal())
	}
}
