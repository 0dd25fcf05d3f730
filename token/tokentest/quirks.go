package tokentest

// Quirks are what makes a token differ from a YubiKey as it comes from the shop:
// what old YubiKeys lack, and what other makers do in another way.
type Quirks struct {
	// NoSerial: it tells no serial number; the PIV applet answers 00000000.
	NoSerial bool
	// RetiredSlots is how many retired slots the PIV applet has; 0: all 20.
	// GENERATE answers WrongSlot beyond them.
	RetiredSlots int
	// WrongSlot is the status of a slot that is not there; 0: 6A86.
	WrongSlot uint16
	// NoMetadata: GET METADATA is missing, whatever the version says.
	NoMetadata bool
	// NoAttestation: ATTEST is missing, and so is its key.
	NoAttestation bool
	// PUKBlocked: the PUK has no tries left.
	PUKBlocked bool

	// NoList: LIST is missing.
	NoList bool
	// NoCalculateAll: CALCULATE ALL is missing.
	NoCalculateAll bool
	// NoFullResponse: CALCULATE refuses P2=00, so that it computes codes alone.
	NoFullResponse bool
	// ForeignRecords: the OATH applet lists records of kinds that are nobody
	// else's, before its accounts.
	ForeignRecords bool
	// OATHPIN: the OATH applet has a PIN, and its SELECT tells no ID.
	OATHPIN bool

	// Maker is what the admin applet of a CanoKey says that it is; empty: there
	// is no such applet.
	Maker string
}

// foreignRecords are a reverse HOTP, a key for challenges, a password, and one
// with a hash that nobody knows, as the OATH applet of a Nitrokey 3 lists them.
var foreignRecords = []string{"\x31reverse", "\x41challenge", "\xf0password", "\x2fodd", "\xf1"}

// lacks tells whether a quirk takes an instruction of the PIV applet away.
func (q Quirks) lacks(ins byte) bool {
	return ins == 0xf7 && q.NoMetadata || ins == 0xf9 && q.NoAttestation
}

// slotThere tells whether the PIV applet has a slot for keys.
func (q Quirks) slotThere(slot byte) bool {
	retired := slot >= 0x82 && slot <= 0x95
	return isKeySlot(slot) && (!retired || q.RetiredSlots == 0 || int(slot) < 0x82+q.RetiredSlots)
}

func (q Quirks) wrongSlot() status {
	if q.WrongSlot == 0 {
		return swWrongP1P2
	}
	return status(q.WrongSlot)
}

// canoKeyApplet is the admin applet of a CanoKey, as far as it says who it is.
type canoKeyApplet struct{ y *YubiKey }

func (a *canoKeyApplet) aid() []byte       { return []byte("\xf0\x00\x00\x00\x00") }
func (a *canoKeyApplet) leave()            {}
func (a *canoKeyApplet) remaining() byte   { return insGetResponse }
func (a *canoKeyApplet) enter(bool) []byte { return nil }

func (a *canoKeyApplet) command(c command) ([]byte, status) {
	switch {
	case c.ins != 0x31:
		return nil, swInstruction
	case c.p1 == 0x00:
		return []byte("3.0.0"), swOK
	case c.p1 == 0x01:
		return []byte(a.y.options.Quirks.Maker), swOK
	}
	return nil, swWrongP1P2
}
