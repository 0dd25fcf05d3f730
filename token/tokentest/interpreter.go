package tokentest

import "bytes"

// interpreter is the part of a card that commands reach first: it joins their
// parts, selects an applet, and hands out long answers in pieces (ISO/IEC
// 7816-4). Applets do the rest.
type interpreter struct {
	applets  []applet
	selected applet
	chain    *command // the parts of a chained command so far
	rest     []byte   // what GET RESPONSE will tell
}

// reset is the loss of power.
func (n *interpreter) reset() {
	if n.selected != nil {
		n.selected.leave()
	}
	n.selected, n.chain, n.rest = nil, nil, nil
}

// process answers a command; the YubiKey's lock is held.
func (n *interpreter) process(raw []byte) []byte {
	c, sw := parseCommand(raw)
	if sw != swOK {
		return answer(nil, sw)
	}
	if c.cla&^claChain != 0 {
		return answer(nil, swClass)
	}
	if n.selected != nil && c.cla == 0 && c.ins == n.selected.remaining() {
		return n.respond(c)
	}
	n.rest = nil
	c, whole, sw := n.gather(c)
	if !whole {
		return answer(nil, sw)
	}
	// The OATH applet has CALCULATE ALL where others select by other means.
	if _, oath := n.selected.(*oathApplet); c.ins == insSelect && (c.p1 == 4 || !oath) {
		n.rest, sw = n.choose(c)
	} else if n.selected == nil {
		sw = swInstruction
	} else {
		n.rest, sw = n.selected.command(c)
	}
	if sw != swOK {
		n.rest = nil
		return answer(nil, sw)
	}
	return n.chunk(c.le)
}

// gather joins the parts of a chained command (ISO/IEC 7816-4, 5.1.1.1); whole
// is false before the last.
func (n *interpreter) gather(c command) (joined command, whole bool, sw status) {
	first := n.chain
	n.chain = nil
	if first != nil {
		if first.ins != c.ins || first.p1 != c.p1 || first.p2 != c.p2 {
			first = nil // a new command ends the chain
		} else {
			c.data = append(bytes.Clone(first.data), c.data...)
		}
	}
	if len(c.data) > maxCommand {
		return c, false, swLength
	}
	if c.cla&claChain != 0 {
		c.data = bytes.Clone(c.data)
		n.chain = &c
		return c, false, swOK
	}
	return c, true, swOK
}

// respond tells the next part of a long answer.
func (n *interpreter) respond(c command) []byte {
	n.chain = nil
	switch {
	case c.p1 != 0 || c.p2 != 0:
		return answer(nil, swWrongP1P2)
	case len(n.rest) == 0:
		return answer(nil, swConditions)
	}
	return n.chunk(c.le)
}

func (n *interpreter) chunk(le int) []byte {
	if len(n.rest) <= le {
		part := n.rest
		n.rest = nil
		return answer(part, swOK)
	}
	part := n.rest[:le]
	n.rest = n.rest[le:]
	more := len(n.rest)
	if more > 0xff {
		more = 0 // 256 or more
	}
	return answer(part, swMore|status(more))
}

// choose is SELECT by name. A name may be shortened to what tells applets
// apart, not to the registered part alone.
func (n *interpreter) choose(c command) ([]byte, status) {
	if c.p1 != 4 || c.p2 != 0 {
		return nil, swWrongP1P2
	}
	if len(c.data) < 5 || len(c.data) > 16 {
		return nil, swFileNotFound
	}
	for _, a := range n.applets {
		if !bytes.HasPrefix(a.aid(), c.data) {
			continue
		}
		if n.selected != nil && n.selected != a {
			n.selected.leave()
		}
		again := n.selected == a
		n.selected = a
		return a.enter(again), swOK
	}
	return nil, swFileNotFound
}
