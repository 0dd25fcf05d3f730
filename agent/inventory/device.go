package inventory

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/mfad/mfad/credproc/config"
	"github.com/mfad/mfad/keystore"
	"github.com/mfad/mfad/token/totp"
)

// Device is an MFA device: its secret is a seed, which the vault keeps as an
// otpauth URI.
type Device struct {
	Held
	Serial    string // AWS's name for it: an ARN, or what is printed on a fob; may be empty
	Issuer    string // may be empty, as may Account
	Account   string
	Algorithm string
	Digits    int           // 0: not known
	Period    time.Duration // 0: not known
}

// NewDevice is the device of a seed, which the vault has not got yet.
func NewDevice(name, serial string, key *totp.Key) Device {
	d := Device{
		Serial: serial, Issuer: key.Issuer, Account: key.Account, Algorithm: string(key.Algorithm),
		Digits: key.Digits, Period: key.Period,
	}
	d.Name = name
	return d
}

func deviceOf(item keystore.Item) Device {
	number := func(fact string) int {
		n, _ := strconv.Atoi(item.Facts[fact]) // 0 for what is not there
		return n
	}
	return Device{
		Held:   held(item, keystore.KindOATH),
		Serial: item.Facts[deviceSerialFact], Issuer: item.Facts[issuerFact], Account: item.Facts[labelFact],
		Algorithm: item.Facts[algorithmFact], Digits: number(digitsFact),
		Period: time.Duration(number(periodFact)) * time.Second,
	}
}

func (d *Device) describe() (keystore.Kind, map[string]string) {
	return d.place(keystore.KindTOTP, keystore.KindOATH, map[string]string{
		deviceSerialFact: d.Serial, issuerFact: d.Issuer, labelFact: d.Account, algorithmFact: d.Algorithm,
		digitsFact: number(d.Digits), periodFact: number(int(d.Period / time.Second)),
	})
}

func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// Devices lists the devices, oldest first.
func Devices(v *keystore.Vault) []Device { return all[Device](v) }

// DeviceNamed finds a device by its name, which no two have.
func DeviceNamed(v *keystore.Vault, name string) (Device, bool) {
	return first(v, func(d Device) bool { return d.Name == name })
}

// DeviceOfSerial finds the device that AWS knows by serial; an empty serial is
// nobody's.
func DeviceOfSerial(v *keystore.Vault, serial string) (Device, bool) {
	return first(v, func(d Device) bool { return serial != "" && d.Serial == serial })
}

// FindDevice finds a device by its name, else by its serial. It wraps
// [keystore.ErrNoItem].
func FindDevice(v *keystore.Vault, name string) (Device, error) {
	device, found := DeviceNamed(v, name)
	if !found {
		device, found = DeviceOfSerial(v, name)
	}
	if !found {
		return Device{}, fmt.Errorf("%w: the vault has no device named %.80q", keystore.ErrNoItem, name)
	}
	return device, nil
}

// NameDevice makes a name of what an authenticator shows, as the vault takes
// names; one that is taken gets a number.
func NameDevice(key *totp.Key, taken func(name string) bool) string {
	text := key.Account
	if text == "" {
		text = key.Issuer
	}
	clean := strings.Trim(strings.Map(func(r rune) rune {
		if r < 0x80 && config.ValidName(string(r)) {
			return r
		}
		return '-'
	}, text), "-")
	if clean == "" {
		clean = "device"
	}
	const most = 60 // leaves room for a number
	clean = clean[:min(most, len(clean))]
	name := clean
	for n := 2; taken(name); n++ {
		name = clean + "-" + strconv.Itoa(n)
	}
	return name
}
