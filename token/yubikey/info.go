package yubikey

import "fmt"

type version [3]byte

func (v version) String() string { return fmt.Sprintf("%d.%d.%d", v[0], v[1], v[2]) }

func (v version) before(major, minor, patch byte) bool {
	return string(v[:]) < string([]byte{major, minor, patch})
}

// info is what a YubiKey says of itself.
type info struct {
	yubikey  bool   // it is one, or acts like one
	maker    string // what a token of another maker says that it is
	complete bool   // it told all: it is of version 4.1.0 or later
	version  version
	serial   uint32
	form     byte
	fips     bool
	sky      bool   // a "Security Key"
	nfc      bool   // it can be reached by NFC
	apps     uint16 // supported by USB
}

// The tags of the device info, and of the applications that it can have.
const (
	tagUSB     = 0x01
	tagSerial  = 0x02
	tagForm    = 0x04
	tagVersion = 0x05
	tagNFC     = 0x0D

	appOTP   = 0x01
	appU2F   = 0x02
	appPIV   = 0x10
	appFIDO2 = 0x200

	formMask = 0x0F
	flagSKY  = 0x40
	flagFIPS = 0x80
)

// The shapes of a YubiKey.
const (
	keychainA = 1
	nanoA     = 2
	keychainC = 3
	nanoC     = 4
	lightning = 5 // and USB-C: the "Ci"
	bioA      = 6
	bioC      = 7
)

// parse reads the device info: a length, then tag, length, value. One that is
// cut short tells nothing, and leaves i as it is.
func (i *info) parse(config []byte) {
	if len(config) == 0 || int(config[0]) != len(config)-1 {
		return
	}
	told := *i
	for b := config[1:]; len(b) > 0; {
		if len(b) < 2 || len(b) < 2+int(b[1]) {
			return
		}
		tag, value := b[0], b[2:2+int(b[1])]
		told.set(tag, value)
		b = b[2+len(value):]
	}
	told.complete = true
	told.correct()
	*i = told
}

func (i *info) set(tag byte, value []byte) {
	switch tag {
	case tagUSB:
		i.apps = uint16(number(value))
	case tagSerial:
		i.serial = number(value)
	case tagForm:
		f := byte(number(value))
		i.form, i.fips, i.sky = f&formMask, f&flagFIPS != 0, f&flagSKY != 0
	case tagVersion:
		if len(value) == len(i.version) {
			copy(i.version[:], value)
		}
	case tagNFC:
		i.nfc = number(value) != 0
	}
}

// number is a big-endian number; one of more than four bytes is none.
func number(b []byte) uint32 {
	if len(b) > 4 {
		return 0
	}
	var n uint32
	for _, x := range b {
		n = n<<8 | uint32(x)
	}
	return n
}

// correct corrects what some versions are known to say wrongly.
func (i *info) correct() {
	if i.version == (version{4, 2, 4}) {
		i.apps = 0x3F
	}
	switch i.form {
	case nanoA, nanoC, lightning:
		i.nfc = false
	case keychainC:
		i.nfc = i.nfc && !i.version.before(5, 2, 4)
	}
	if i.version[0] == 4 && i.version[1] == 4 {
		i.fips = true
	}
}
