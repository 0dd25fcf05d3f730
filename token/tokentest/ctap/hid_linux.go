package ctap

import (
	"encoding/binary"
	"io"
	"sync"
	"time"
)

// Commands and errors of CTAPHID (11.2.9).
const (
	hidPing      = 0x01
	hidInit      = 0x06
	hidWink      = 0x08
	hidCBOR      = 0x10
	hidCancel    = 0x11
	hidKeepalive = 0x3b
	hidError     = 0x3f
	hidFirst     = 0x80 // the bit of a message's first packet

	errInvalidCmd     = 0x01
	errInvalidLen     = 0x03
	errInvalidSeq     = 0x04
	errMsgTimeout     = 0x05
	errChannelBusy    = 0x06
	errInvalidChannel = 0x0b

	broadcast    = 0xffffffff
	maxMessage   = reportSize - 7 + 128*(reportSize-5)
	capabilities = 0x01 | 0x04 | 0x08 // WINK, CBOR, no MSG
	onlyU2F      = 0x01               // WINK, no CBOR

	messageTimeout = 500 * time.Millisecond
)

// message is what arrives on a channel, in packets.
type message struct {
	channel uint32
	cmd     byte
	data    []byte
	want    int
	seq     byte
	timer   *time.Timer
}

// bus is CTAPHID over one line, from plugging in to pulling out.
type bus struct {
	key  *Key
	line *line
	wg   sync.WaitGroup

	mu       sync.Mutex
	channels map[uint32]bool
	last     uint32
	partial  *message
	running  *transaction
	closed   bool

	writing sync.Mutex
}

func newBus(k *Key, l *line) *bus {
	b := &bus{key: k, line: l, channels: map[uint32]bool{}}
	b.wg.Go(b.read)
	return b
}

// pull takes the key out. It does not wait.
func (b *bus) pull() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return
	}
	b.closed = true
	if b.running != nil {
		b.running.cancel()
	}
	if b.partial != nil {
		b.partial.timer.Stop()
		b.partial = nil
	}
	b.line.close()
}

func (b *bus) read() {
	report := make([]byte, 1+reportSize)
	for {
		if _, err := io.ReadFull(b.line.master, report); err != nil {
			b.pull()
			return
		}
		frame, ok := b.key.fault(b, false, report[1:])
		if !ok {
			continue
		}
		b.key.reportID(report[0])
		b.packet(frame)
	}
}

func (b *bus) packet(p []byte) {
	channel := binary.BigEndian.Uint32(p)
	if p[4]&hidFirst == 0 {
		b.continuation(channel, p[4], p[5:])
		return
	}
	m := &message{channel: channel, cmd: p[4] &^ hidFirst, want: int(binary.BigEndian.Uint16(p[5:]))}
	if code := b.begin(m, p[7:]); code != 0 {
		b.send(channel, hidError, []byte{code})
	}
}

// begin takes a message's first packet; it returns what is wrong with it, or 0.
func (b *bus) begin(m *message, data []byte) (code byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case m.want > maxMessage:
		return errInvalidLen
	case m.cmd == hidInit:
		return b.initLocked(m, data)
	case !b.channels[m.channel]:
		return errInvalidChannel
	case m.cmd == hidCancel:
		if b.running != nil && b.running.channel == m.channel {
			b.running.cancel()
		}
		return 0 // not answered: 11.2.9.1.5
	case b.partial != nil && b.partial.channel == m.channel:
		b.dropLocked()
		return errInvalidSeq
	case b.partial != nil || b.running != nil:
		return errChannelBusy
	}
	m.data = append(m.data, data[:min(len(data), m.want)]...)
	if len(m.data) < m.want {
		m.timer = time.AfterFunc(messageTimeout, func() { b.expire(m) })
		b.partial = m
		return 0
	}
	return b.startLocked(m)
}

func (b *bus) continuation(channel uint32, seq byte, data []byte) {
	b.mu.Lock()
	m := b.partial
	if m == nil || m.channel != channel { // spurious ones are ignored: 11.2.5.4
		b.mu.Unlock()
		return
	}
	var code byte
	if seq != m.seq {
		b.dropLocked()
		code = errInvalidSeq
	} else {
		m.seq++
		m.data = append(m.data, data[:min(len(data), m.want-len(m.data))]...)
		if len(m.data) == m.want {
			b.dropLocked()
			code = b.startLocked(m)
		}
	}
	b.mu.Unlock()
	if code != 0 {
		b.send(channel, hidError, []byte{code})
	}
}

func (b *bus) dropLocked() {
	b.partial.timer.Stop()
	b.partial = nil
}

func (b *bus) expire(m *message) {
	b.mu.Lock()
	if b.partial != m {
		b.mu.Unlock()
		return
	}
	b.partial = nil
	b.mu.Unlock()
	b.send(m.channel, hidError, []byte{errMsgTimeout})
}

// initLocked gives out a channel. A new one means that another program has
// opened the key, as a pseudo terminal has one user: what the last one was
// about is over.
func (b *bus) initLocked(m *message, data []byte) (code byte) {
	if m.want != 8 {
		return errInvalidLen
	}
	channel := m.channel
	switch {
	case channel == broadcast:
		b.last++
		channel = b.last
		b.channels[channel] = true
		b.line.forget()
	case !b.channels[channel]:
		return errInvalidChannel
	}
	if b.partial != nil {
		b.dropLocked()
	}
	if b.running != nil {
		b.running.abandon()
		b.running = nil
	}
	answer := append([]byte(nil), data[:8]...)
	answer = binary.BigEndian.AppendUint32(answer, channel)
	able := byte(capabilities)
	if b.key.o.U2FOnly {
		able = onlyU2F
	}
	answer = append(answer, 2, 5, 4, 3, able)
	to := m.channel
	b.goLocked(func() { b.send(to, hidInit, answer) })
	return 0
}

func (b *bus) startLocked(m *message) (code byte) {
	switch m.cmd {
	case hidPing, hidWink:
		if m.cmd == hidWink && m.want != 0 {
			return errInvalidLen
		}
		b.goLocked(func() { b.send(m.channel, m.cmd, m.data) })
		return 0
	case hidCBOR:
		if b.key.o.U2FOnly {
			return errInvalidCmd
		}
		if m.want == 0 {
			return errInvalidLen
		}
		t := newTransaction(b, m.channel)
		b.running = t
		b.goLocked(func() { b.run(t, m.data) })
		return 0
	default:
		return errInvalidCmd
	}
}

// goLocked runs f unless the key was pulled out: who pulls waits for all f.
func (b *bus) goLocked(f func()) {
	if !b.closed {
		b.wg.Go(f)
	}
}

func (b *bus) run(t *transaction, request []byte) {
	answer := b.key.command(t, request)
	b.mu.Lock()
	mine := b.running == t
	if mine {
		b.running = nil
	}
	b.mu.Unlock()
	if mine {
		b.send(t.channel, hidCBOR, answer)
	}
}

// send writes a message in packets.
func (b *bus) send(channel uint32, cmd byte, data []byte) {
	b.writing.Lock()
	defer b.writing.Unlock()
	p := make([]byte, reportSize)
	binary.BigEndian.PutUint32(p, channel)
	p[4] = cmd | hidFirst
	binary.BigEndian.PutUint16(p[5:], uint16(len(data)))
	n := copy(p[7:], data)
	for seq := byte(0); ; seq++ {
		if !b.write(cmd, p) || n == len(data) {
			return
		}
		clear(p[4:])
		p[4] = seq
		n += copy(p[5:], data[n:])
	}
}

// write sends one packet, through the fault hook; a keepalive, whose number
// nobody can foretell, goes past it.
func (b *bus) write(cmd byte, packet []byte) bool {
	if cmd != hidKeepalive {
		var ok bool
		if packet, ok = b.key.fault(b, true, packet); !ok {
			return true
		}
	}
	_, err := b.line.master.Write(packet)
	return err == nil
}
