// Package yubikey finds out who a smart card is: the serial number, firmware
// and model of a YubiKey, as ykman has them. It asks the management applet, and
// where an old YubiKey has none that answers, the OTP and the PIV applet.
//
// It reads and changes nothing, needs no PIN, and says nothing about what the
// applets hold. What is not from Yubico is named as it names itself (a CanoKey
// does); else it has no model here, and its caller names it by its reader.
package yubikey

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/mfad/mfad/token"
)

// Card sends a command APDU and returns the answer: data, and the status word
// in its last two bytes.
type Card interface {
	Transmit(apdu []byte) ([]byte, error)
}

var (
	aidManagement = []byte{0xA0, 0x00, 0x00, 0x05, 0x27, 0x47, 0x11, 0x17}
	aidOTP        = []byte{0xA0, 0x00, 0x00, 0x05, 0x27, 0x20, 0x01}
	aidPIV        = []byte{0xA0, 0x00, 0x00, 0x03, 0x08}
	aidCanoKey    = []byte{0xF0, 0x00, 0x00, 0x00, 0x00} // its admin applet
)

const (
	insSelect     = 0xA4
	insReadConfig = 0x1D
	insOTP        = 0x01
	otpSerial     = 0x10 // P1
	insPIVVersion = 0xFD
	insPIVSerial  = 0xF8

	insCanoKeyVersion = 0x31
	canoKeyHardware   = 0x01 // P1
)

// Read fills Serial, Model and Version, as far as the card tells. Of what is no
// YubiKey it fills no version, and the serial that its PIV applet tells. Others
// have that applet with Yubico's extensions too, and version numbers like
// Yubico's: alone it makes a YubiKey only of what sits in a reader of that name.
// The error is the card's: it was pulled out, say. Read selects other applets: it
// goes before all work with one, in the same transaction.
func Read(c Card, reader string) (token.Token, error) {
	i, err := read(c, strings.Contains(reader, "Yubi"))
	if err != nil {
		return token.Token{}, fmt.Errorf("asking the token who it is: %w", err)
	}
	t := token.Token{Model: cmp.Or(i.maker, i.model())}
	if i.version != (version{}) {
		t.Version = i.version.String()
	}
	if i.serial != 0 {
		t.Serial = strconv.FormatUint(uint64(i.serial), 10)
	}
	return t, nil
}

// read asks the applets from the one that knows most to the one that knows
// least, until the serial number is known. ByName: the reader says that it is a
// YubiKey.
func read(c Card, byName bool) (info, error) {
	i, err := readManagement(c)
	if err != nil || i.complete {
		return i, err
	}
	if !i.yubikey {
		if err := readCanoKey(c, &i); err != nil {
			return i, err
		}
	}
	if i.maker == "" {
		if err := readOTP(c, &i); err != nil || i.serial != 0 {
			return i, err
		}
	}
	return i, readPIV(c, &i, byName && i.maker == "")
}

// refusal is a status word: the card is well and does not do that.
type refusal uint16

func (r refusal) Error() string { return fmt.Sprintf("status word %04x", uint16(r)) }

// command is one that the applet which is selected last gets.
type command struct {
	ins, p1 byte
	data    []byte
}

// selecting selects an applet by its name.
func selecting(aid []byte) command { return command{insSelect, 0x04, aid} }

// send sends a command and returns the data of its answer; a refusal if the
// status is anything but 9000.
func send(c Card, cmd command) ([]byte, error) {
	apdu := []byte{0x00, cmd.ins, cmd.p1, 0x00}
	if len(cmd.data) > 0 {
		apdu = append(append(apdu, byte(len(cmd.data))), cmd.data...)
	}
	answer, err := c.Transmit(append(apdu, 0x00))
	if err != nil {
		return nil, err
	}
	n := len(answer) - 2
	if n < 0 {
		return nil, refusal(0)
	}
	if sw := binary.BigEndian.Uint16(answer[n:]); sw != 0x9000 {
		return nil, refusal(sw)
	}
	return answer[:n], nil
}

// ask sends a command to an applet that may not be there: ok is false then.
func ask(c Card, cmd command) (answer []byte, ok bool, err error) {
	answer, err = send(c, cmd)
	var r refusal
	if errors.As(err, &r) {
		return nil, false, nil
	}
	return answer, err == nil, err
}

// "Virtual mgr - FW version 5.4.3"
var versionText = regexp.MustCompile(`\b(\d{1,3})\.(\d{1,3})\.(\d{1,3})\b`)

// readManagement asks the management applet; the info is complete if it knows
// all. Before 4.1.0 it tells no more than a version.
func readManagement(c Card) (info, error) {
	answer, ok, err := ask(c, selecting(aidManagement))
	if err != nil || !ok {
		return info{}, err
	}
	i := info{yubikey: true}
	if m := versionText.FindSubmatch(answer); m != nil {
		for n := range i.version {
			v, _ := strconv.ParseUint(string(m[n+1]), 10, 8)
			i.version[n] = byte(v)
		}
	}
	if i.version[0] == 3 {
		// A NEO stays in the applet unless it is sent nonsense first: ykman.
		_, err := c.Transmit([]byte{0xA4, 0x04, 0x00, 0x08})
		return i, err
	}
	config, ok, err := ask(c, command{ins: insReadConfig})
	if err != nil || !ok {
		return i, err
	}
	i.parse(config)
	return i, nil
}

// readOTP asks the OTP applet for a serial number, which its owner may have
// hidden, and for the version if that is not known.
func readOTP(c Card, i *info) error {
	status, ok, err := ask(c, selecting(aidOTP))
	if err != nil || !ok {
		return err
	}
	i.yubikey = true
	if len(status) >= len(i.version) && i.version == (version{}) {
		copy(i.version[:], status)
	}
	return readSerial(c, i, command{ins: insOTP, p1: otpSerial})
}

// readCanoKey asks the applet by which a CanoKey is managed what it is.
func readCanoKey(c Card, i *info) error {
	_, ok, err := ask(c, selecting(aidCanoKey))
	if err != nil || !ok {
		return err
	}
	name, ok, err := ask(c, command{ins: insCanoKeyVersion, p1: canoKeyHardware})
	if ok {
		i.maker = strings.TrimSpace(strings.TrimRight(string(name), "\x00"))
	}
	return err
}

// readPIV asks the PIV applet for Yubico's version and serial number, which
// others have too; of a YubiKey 4 and 5 the version is that of the firmware.
func readPIV(c Card, i *info, mayBeYubiKey bool) error {
	_, ok, err := ask(c, selecting(aidPIV))
	if err != nil || !ok {
		return err
	}
	v, ok, err := ask(c, command{ins: insPIVVersion})
	if err != nil || !ok || len(v) != len(i.version) {
		return err
	}
	if mayBeYubiKey && (v[0] == 4 || v[0] == 5) && i.version == (version{}) {
		i.yubikey = true
		copy(i.version[:], v)
	}
	return readSerial(c, i, command{ins: insPIVSerial})
}

func readSerial(c Card, i *info, cmd command) error {
	serial, ok, err := ask(c, cmd)
	if ok && len(serial) == 4 {
		i.serial = binary.BigEndian.Uint32(serial)
	}
	return err
}
