package ctap

import "bytes"

// Frame is a packet on its way, as a fault hook sees it; keepalives are left out.
type Frame struct {
	N      int    // 0, 1, … since the hook was set
	ToHost bool   // else from it
	Packet []byte // 64 bytes, a copy
}

// Act is what happens to a frame.
type Act int

const (
	Pass    Act = iota // it goes on
	Drop               // it is lost
	Pull               // the key is pulled out before it
	Replace            // Fault.Packet goes on in its place
)

// Fault is what a hook wants done to a frame.
type Fault struct {
	Act    Act
	Packet []byte // of Replace; to the host of any length, from it of 64 bytes
}

// Fault sets a hook that sees each frame before it goes on; nil takes it off.
// The numbering starts anew. It is called by one goroutine at a time per
// direction and must not wait for the key.
func (k *Key) Fault(hook func(Frame) Fault) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.hook, k.frames = hook, 0
}

// fault lets a frame pass through the hook; not ok means that nothing goes on.
func (k *Key) fault(b *bus, toHost bool, packet []byte) (out []byte, ok bool) {
	k.mu.Lock()
	hook, n := k.hook, k.frames
	k.frames++
	k.mu.Unlock()
	if hook == nil {
		return packet, true
	}
	switch f := hook(Frame{N: n, ToHost: toHost, Packet: bytes.Clone(packet)}); f.Act {
	case Drop:
		return nil, false
	case Pull:
		b.pull()
		return nil, false
	case Replace:
		if !toHost && len(f.Packet) != reportSize {
			return nil, false
		}
		return f.Packet, true
	default:
		return packet, true
	}
}
