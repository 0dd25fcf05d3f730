package oath

import "fmt"

// The instructions of YKOATH. RESET (04) is not among them on purpose.
const (
	insPut           = 0x01
	insDelete        = 0x02
	insSetCode       = 0x03
	insRename        = 0x05
	insSelect        = 0xA4 // with P1 04; CALCULATE ALL has the same number
	insList          = 0xA1
	insCalculate     = 0xA2
	insValidate      = 0xA3
	insCalculateAll  = 0xA4
	insSendRemaining = 0xA5
)

// The most that an answer may have, and the rounds in which it may come: a full
// YubiKey sends 64 names in some 20 rounds.
const (
	maxAnswer = 64 << 10
	maxRounds = 512
)

// command is a command APDU of the short form.
type command struct {
	ins, p1, p2 byte
	data        []byte // at most 255 bytes
}

// apdu is the command as it goes to the card. Le is always there and 00: with
// none some cards answer nothing at all.
func (c command) apdu() []byte {
	b := make([]byte, 0, 6+len(c.data))
	b = append(b, 0x00, c.ins, c.p1, c.p2)
	if len(c.data) > 0 {
		b = append(append(b, byte(len(c.data))), c.data...)
	}
	return append(b, 0x00)
}

// do sends a command and collects its answer over as many rounds as it takes.
// The command's bytes are wiped; the answer is the caller's to wipe.
func (a *Applet) do(c command) ([]byte, error) {
	if len(c.data) > 255 {
		return nil, fmt.Errorf("%w: a command of %d bytes", errInvalid, len(c.data))
	}
	if err := a.calm(); err != nil {
		return nil, err
	}
	var whole []byte
	next := c
	for range maxRounds {
		data, sw, err := a.exchange(next)
		if err == nil && len(whole)+len(data) > maxAnswer {
			err = malformed("an answer of more than %d bytes", maxAnswer)
		}
		if err != nil {
			clear(whole)
			clear(data)
			return nil, err
		}
		whole = grow(whole, data)
		switch {
		case sw == swOK:
			a.long = len(whole) > longAnswer
			return whole, nil
		case sw>>8 != swMore:
			clear(whole)
			return nil, a.status(c, sw)
		}
		next = command{ins: insSendRemaining}
	}
	clear(whole)
	return nil, malformed("an answer in more than %d parts", maxRounds)
}

// exchange sends one APDU and splits the status word off the answer.
func (a *Applet) exchange(c command) (data []byte, sw uint16, err error) {
	apdu := c.apdu()
	defer clear(apdu)
	answer, err := a.card.Transmit(apdu)
	if err != nil {
		return nil, 0, err
	}
	n := len(answer) - 2
	if n < 0 {
		return nil, 0, malformed("no status word")
	}
	return answer[:n], uint16(answer[n])<<8 | uint16(answer[n+1]), nil
}

// grow appends part to whole and leaves no copy of either behind.
func grow(whole, part []byte) []byte {
	if len(whole) == 0 {
		return part
	}
	grown := make([]byte, 0, len(whole)+len(part))
	grown = append(append(grown, whole...), part...)
	clear(whole)
	clear(part)
	return grown
}

const longAnswer = 54

// calm sends what a YubiKey 4 of the versions 4.2.0 to 4.2.6 needs after a long
// answer: without a senseless command in between, the next that wants a touch
// fails. ykman has it too.
func (a *Applet) calm() error {
	if !a.long || a.version.before(version{4, 2, 0}) || !a.version.before(version{4, 2, 7}) {
		return nil
	}
	a.long = false
	_, err := a.card.Transmit([]byte{0, 0, 0, 0, 0})
	return err
}
