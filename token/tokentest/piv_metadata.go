package tokentest

import "bytes"

// metadata is Yubico's GET METADATA, from 5.3 on.
func (a *pivApplet) metadata(c command) ([]byte, status) {
	if c.p1 != 0 {
		return nil, swWrongP1P2
	}
	switch c.p2 {
	case referencePIN:
		return a.pin.metadata(), swOK
	case referencePUK:
		return a.puk.metadata(), swOK
	case slotManagement:
		m := a.management
		out := appendTLV(nil, 1, m.algorithm)
		out = appendTLV(out, 2, 0, m.touch)
		return appendTLV(out, 5, flag(bytes.Equal(m.key, factoryKey))), swOK
	}
	if !isKeySlot(c.p2) {
		return nil, swWrongP1P2
	}
	key := a.keys[c.p2]
	if key == nil {
		return nil, swNoReference
	}
	origin := byte(2)
	if key.generated {
		origin = 1
	}
	out := appendTLV(nil, 1, key.algorithm)
	out = appendTLV(out, 2, key.pin, key.touch)
	out = appendTLV(out, 3, origin)
	return appendTLV(out, 4, key.public()...), swOK
}

func (r *reference) metadata() []byte {
	out := appendTLV(nil, 1, 0xff)
	out = appendTLV(out, 5, flag(r.factory))
	return appendTLV(out, 6, byte(r.max), byte(r.tries))
}

func flag(yes bool) byte {
	if yes {
		return 1
	}
	return 0
}
