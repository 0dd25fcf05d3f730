package tokentest

// Capabilities, as the management applet tells them.
const (
	capOTP   = 0x0001
	capU2F   = 0x0002
	capGPG   = 0x0008
	capPIV   = 0x0010
	capOATH  = 0x0020
	capFIDO2 = 0x0200
)

// managementApplet tells what the token is. What it would change, it refuses.
type managementApplet struct{ y *YubiKey }

func (a *managementApplet) aid() []byte     { return []byte("\xa0\x00\x00\x05\x27\x47\x11\x17") }
func (a *managementApplet) leave()          {}
func (a *managementApplet) remaining() byte { return insGetResponse }

func (a *managementApplet) enter(bool) []byte {
	return []byte("Virtual mgr - FW version " + a.y.version.String())
}

func (a *managementApplet) command(c command) ([]byte, status) {
	switch c.ins {
	case 0x1d: // READ CONFIG
		if !a.y.version.from(4, 1, 0) {
			return nil, swInstruction
		}
		if c.p1 != 0 || c.p2 != 0 {
			return nil, swWrongP1P2
		}
		return a.y.deviceInfo(), swOK
	case 0x1c, 0x16: // WRITE CONFIG, SET MODE
		return nil, swConditions
	}
	return nil, swInstruction
}

// deviceInfo is a byte of length and tags, as in Yubico's "Device
// configuration". It says that FIDO is there, as the reader's name does. Nobody
// plays it here.
func (y *YubiKey) deviceInfo() []byte {
	enabled := capU2F
	for capability, missing := range map[int]bool{
		capOTP: y.options.NoOTP, capOATH: y.options.NoOATH, capPIV: y.options.NoPIV,
	} {
		if !missing {
			enabled |= capability
		}
	}
	if !y.version.from(5, 0, 0) {
		info := appendTLV(nil, 1, 0x3f)
		if !y.options.Quirks.NoSerial {
			info = appendTLV(info, 2, y.options.serialBytes()...)
		}
		info = appendTLV(info, 3, byte(enabled))
		return append([]byte{byte(len(info))}, info...)
	}
	enabled |= capFIDO2
	const supported = capOTP | capU2F | capGPG | capPIV | capOATH | capFIDO2
	info := appendTLV(nil, 1, supported>>8, supported&0xff)
	info = appendTLV(info, 3, byte(enabled>>8), byte(enabled))
	if !y.options.Quirks.NoSerial {
		info = appendTLV(info, 2, y.options.serialBytes()...)
	}
	info = appendTLV(info, 4, y.options.FormFactor)
	info = appendTLV(info, 5, y.version[:]...)
	info = appendTLV(info, 6, 0, 0)
	info = appendTLV(info, 7, 15)
	info = appendTLV(info, 8, 0)
	if !y.options.NoNFC {
		info = appendTLV(info, 0x0d, supported>>8, supported&0xff)
		info = appendTLV(info, 0x0e, byte(enabled>>8), byte(enabled))
	}
	info = appendTLV(info, 0x0a, 0)
	return append([]byte{byte(len(info))}, info...)
}

// otpApplet tells the serial number as the OTP applet does; it has no slots.
type otpApplet struct{ y *YubiKey }

func (a *otpApplet) aid() []byte       { return []byte("\xa0\x00\x00\x05\x27\x20\x01\x01") }
func (a *otpApplet) leave()            {}
func (a *otpApplet) remaining() byte   { return insGetResponse }
func (a *otpApplet) enter(bool) []byte { return a.status() }

// status is version, programming sequence and touch level: nothing is
// programmed.
func (a *otpApplet) status() []byte {
	return append(a.y.version[:len(a.y.version):len(a.y.version)], 0, 0, 0)
}

func (a *otpApplet) command(c command) ([]byte, status) {
	switch {
	case c.ins == 0x03:
		return a.status(), swOK
	case c.ins != 0x01:
		return nil, swInstruction
	case c.p1 == 0x10:
		return a.y.options.serialBytes(), swOK
	case c.p1 == 0x13 && a.y.version.from(4, 1, 0):
		return a.y.deviceInfo(), swOK
	}
	return nil, swWrongP1P2
}
