package tokentest

import "encoding/binary"

// command is a command APDU (ISO/IEC 7816-4, 5.1).
type command struct {
	cla, ins, p1, p2 byte
	data             []byte
	le               int // how many bytes the answer may have
}

// status is SW1 and SW2.
type status uint16

const (
	swOK           status = 0x9000
	swMore         status = 0x6100 // and how many bytes more
	swTries        status = 0x63c0 // and how many tries are left
	swLength       status = 0x6700
	swSecurity     status = 0x6982
	swBlocked      status = 0x6983
	swNoSuchObject status = 0x6984 // so used by the OATH applet
	swConditions   status = 0x6985
	swWrongData    status = 0x6a80
	swFileNotFound status = 0x6a82
	swFull         status = 0x6a84
	swWrongP1P2    status = 0x6a86
	swNoReference  status = 0x6a88
	swInstruction  status = 0x6d00
	swClass        status = 0x6e00
	swUnexpected   status = 0x6f00
	maxCommand            = 3072 // bytes of data, chained or not
	shortAnswer           = 256
	extendedAnswer        = 65536
	insSelect             = 0xa4
	insGetResponse        = 0xc0
	insSendRemain         = 0xa5
	claChain              = 0x10
)

// parseCommand refuses whatever is none of the seven forms of a command.
func parseCommand(raw []byte) (command, status) {
	if len(raw) < 4 {
		return command{}, swLength
	}
	c := command{cla: raw[0], ins: raw[1], p1: raw[2], p2: raw[3], le: shortAnswer}
	body := raw[4:]
	switch {
	case len(body) == 0:
		return c, swOK
	case len(body) == 1:
		c.le = expected(body, shortAnswer)
		return c, swOK
	case body[0] != 0:
		return c.withData(body[1:], int(body[0]), 1, shortAnswer)
	case len(body) < 3:
		return c, swLength
	case len(body) == 3:
		c.le = expected(body[1:], extendedAnswer)
		return c, swOK
	}
	return c.withData(body[3:], int(binary.BigEndian.Uint16(body[1:])), 2, extendedAnswer)
}

// withData takes lc bytes and, if there are more, the expected length.
func (c command) withData(body []byte, lc, leSize, most int) (command, status) {
	if lc == 0 || lc > maxCommand || len(body) != lc && len(body) != lc+leSize {
		return c, swLength
	}
	c.data, c.le = body[:lc], most
	if rest := body[lc:]; len(rest) > 0 {
		c.le = expected(rest, most)
	}
	return c, swOK
}

func expected(field []byte, most int) int {
	n := 0
	for _, b := range field {
		n = n<<8 | int(b)
	}
	if n == 0 {
		return most
	}
	return n
}

// answer is what goes back on the wire.
func answer(data []byte, sw status) []byte {
	return binary.BigEndian.AppendUint16(append(make([]byte, 0, len(data)+2), data...), uint16(sw))
}
