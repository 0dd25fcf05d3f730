package yubikey_test

import (
	"bytes"
	"cmp"
	"errors"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/mfad/mfad/token"
	"github.com/mfad/mfad/token/tokentest"
	"github.com/mfad/mfad/token/yubikey"
)

// newKey is a virtual token without a reader in between.
func newKey(o tokentest.YubiKeyOptions) tokentest.Direct {
	return tokentest.Direct{YubiKey: tokentest.NewYubiKey(o), Gone: token.ErrRemoved}
}

func TestReadTellsAVirtualYubiKey(t *testing.T) {
	for name, tt := range map[string]struct {
		options tokentest.YubiKeyOptions
		want    token.Token
		reader  string // empty: that of a YubiKey
	}{
		"as it comes": {tokentest.YubiKeyOptions{}, token.Token{Serial: "12345678", Model: "YubiKey 5 NFC", Version: "5.4.3"}, ""},
		"5C Nano": {
			tokentest.YubiKeyOptions{Serial: 7, Version: "5.2.7", FormFactor: 4},
			token.Token{Serial: "7", Model: "YubiKey 5C Nano", Version: "5.2.7"},
			"",
		},
		"no management": {
			tokentest.YubiKeyOptions{NoManagement: true},
			token.Token{Serial: "12345678", Model: "YubiKey", Version: "5.4.3"},
			"",
		},
		"no management, no OTP": {
			tokentest.YubiKeyOptions{NoManagement: true, NoOTP: true},
			token.Token{Serial: "12345678", Model: "YubiKey", Version: "5.4.3"},
			"",
		},
		"OATH alone": {tokentest.YubiKeyOptions{NoManagement: true, NoOTP: true, NoPIV: true}, token.Token{}, ""},
		"of another maker, whose PIV applet has a version like Yubico's": {
			tokentest.YubiKeyOptions{NoManagement: true, NoOTP: true, Version: "5.7.0"},
			token.Token{Serial: "12345678"},
			"Nitrokey Nitrokey 3 [CCID/ICCD Interface] 00 00",
		},
		"CanoKey": {
			tokentest.YubiKeyOptions{NoManagement: true, NoOTP: true, Version: "5.7.0", Quirks: tokentest.Quirks{Maker: "CanoKey Pigeon"}},
			token.Token{Serial: "12345678", Model: "CanoKey Pigeon"},
			"",
		},
		"no serial": {
			tokentest.YubiKeyOptions{Quirks: tokentest.Quirks{NoSerial: true}},
			token.Token{Model: "YubiKey 5 NFC", Version: "5.4.3"},
			"",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := yubikey.Read(newKey(tt.options), cmp.Or(tt.reader, "Yubico YubiKey OTP+FIDO+CCID 00 00"))
			if err != nil {
				t.Fatal(err)
			}
			if diff := gocmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// script answers the instructions that it knows, and refuses all else.
type script map[string][]byte

func (s script) Transmit(apdu []byte) ([]byte, error) {
	for prefix, answer := range s {
		if bytes.HasPrefix(apdu, []byte(prefix)) {
			return answer, nil
		}
	}
	return []byte{0x6A, 0x82}, nil
}

const (
	selectManagement = "\x00\xA4\x04\x00\x08\xA0\x00\x00\x05\x27\x47\x11\x17"
	selectOTP        = "\x00\xA4\x04\x00\x07\xA0\x00\x00\x05\x27\x20\x01"
	selectPIV        = "\x00\xA4\x04\x00\x05\xA0\x00\x00\x03\x08"
	readConfig       = "\x00\x1D"
	otpSerial        = "\x00\x01\x10"
	ok               = "\x90\x00"
)

// keys plays the management applet of a key by its device info.
func managed(version, config string) script {
	return script{
		selectManagement: []byte("Virtual mgr - FW version " + version + ok),
		readConfig:       []byte(string(rune(len(config))) + config + ok),
	}
}

func TestModelsAreNamedAsYkmanNamesThem(t *testing.T) {
	const (
		all    = "\x01\x02\x02\x3F"
		fido   = "\x01\x02\x02\x02"
		bioAll = "\x01\x02\x02\x12"
		u2f    = "\x01\x01\x02"
		serial = "\x02\x04\x00\x00\x00\x2A"
		nfc    = "\x0D\x02\x02\x3F"
	)
	form := func(f string) string { return "\x04\x01" + f }
	for _, tt := range []struct{ version, config, model string }{
		{"5.4.3", all + serial + nfc + form("\x01"), "YubiKey 5 NFC"},
		{"5.4.3", all + serial + form("\x01"), "YubiKey 5A"},
		{"5.4.3", all + serial + nfc + form("\x02"), "YubiKey 5 Nano"},
		{"5.2.3", all + serial + nfc + form("\x03"), "YubiKey 5C"},
		{"5.2.4", all + serial + nfc + form("\x03"), "YubiKey 5C NFC"},
		{"5.4.3", all + serial + nfc + form("\x04"), "YubiKey 5C Nano"},
		{"5.4.3", all + serial + form("\x05"), "YubiKey 5Ci"},
		{"5.4.3", all + serial + form("\x83"), "YubiKey 5C FIPS"},
		{"5.4.3", all + serial + nfc + form("\x81"), "YubiKey 5 NFC FIPS"},
		{"5.5.6", fido + serial + form("\x06"), "YubiKey Bio - FIDO Edition"},
		{"5.5.6", fido + serial + form("\x07"), "YubiKey C Bio - FIDO Edition"},
		{"5.7.2", bioAll + serial + form("\x07"), "YubiKey C Bio - Multi-protocol Edition"},
		{"5.4.3", fido + nfc + form("\x41"), "Security Key NFC"},
		{"5.4.3", fido + nfc + form("\x43"), "Security Key C NFC"},
		{"5.7.1", fido + serial + nfc + form("\x43"), "Security Key C NFC - Enterprise Edition"},
		{"5.1.2", fido + nfc + form("\x01"), "Security Key NFC"},
		{"5.1.2", fido + form("\x01"), "Security Key by Yubico"},
		{"5.0.1", all + serial + nfc + form("\x01"), "YubiKey Preview"},
		{"4.3.7", all + serial, "YubiKey 4"},
		{"4.4.5", all + serial, "YubiKey FIPS (4 Series)"},
		{"4.2.0", "\x01\x01\x07" + serial, "YubiKey Edge"},
		{"5.4.3", u2f + serial + "\x05\x03\x05\x07\x01" + nfc + form("\x01"), "YubiKey 5 NFC"},
	} {
		got, err := yubikey.Read(managed(tt.version, tt.config), "")
		if err != nil || got.Model != tt.model {
			t.Errorf("%s %x is a %q, %v, want %q", tt.version, tt.config, got.Model, err, tt.model)
		}
	}
}

func TestOldKeysAreAskedElsewhere(t *testing.T) {
	for name, tt := range map[string]struct {
		card script
		want token.Token
	}{
		"NEO": {
			script{
				selectManagement: []byte("Virtual mgr - FW version 3.4.9" + ok), selectOTP: []byte("\x03\x04\x09\x01\x00\x00" + ok),
				otpSerial: []byte("\x00\x01\xE2\x40" + ok),
			}, token.Token{Serial: "123456", Model: "YubiKey NEO", Version: "3.4.9"},
		},
		"YubiKey 4.0, serial hidden": {
			script{selectManagement: []byte("Virtual mgr - FW version 4.0.2" + ok), selectOTP: []byte("\x04\x00\x02\x01\x00\x00" + ok)},
			token.Token{Model: "YubiKey 4", Version: "4.0.2"},
		},
		"Edge, which says 9000 twice": {
			script{selectManagement: []byte("Virtual mgr - FW version 4.0.2" + ok + ok)}, token.Token{Model: "YubiKey 4", Version: "4.0.2"},
		},
		"PIV of another maker": {
			script{selectPIV: []byte("a" + ok), "\x00\xFD": []byte("\x06\x06\x06" + ok)}, token.Token{},
		},
		"no YubiKey": {script{}, token.Token{}},
		"nonsense": {
			script{selectManagement: []byte(ok), readConfig: []byte("\x05\x01\x09\x00\x00\x00" + ok)}, token.Token{Model: "YubiKey"},
		},
		"nothing": {script{selectManagement: []byte(ok), readConfig: nil}, token.Token{Model: "YubiKey"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := yubikey.Read(tt.card, "")
			if err != nil {
				t.Fatal(err)
			}
			if diff := gocmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// pulled works for that many commands.
type pulled struct {
	tokentest.Direct
	left int
}

func (p *pulled) Transmit(apdu []byte) ([]byte, error) {
	if p.left--; p.left < 0 {
		return nil, token.ErrRemoved
	}
	return p.Direct.Transmit(apdu)
}

func TestPulledOutAtEveryCommandIsRemoved(t *testing.T) {
	for _, o := range []tokentest.YubiKeyOptions{{}, {NoManagement: true}, {NoManagement: true, NoOTP: true}} {
		for n := 0; ; n++ {
			_, err := yubikey.Read(&pulled{newKey(o), n}, "")
			if err == nil {
				break
			}
			if !errors.Is(err, token.ErrRemoved) {
				t.Errorf("pulled out at command %d: %v", n, err)
			}
		}
	}
}

func FuzzDeviceInfo(f *testing.F) {
	f.Add([]byte("\x0a\x01\x02\x02\x3F\x02\x04\x00\x00\x00\x2A"))
	f.Add([]byte("\x02\x01\xFF"))
	f.Fuzz(func(t *testing.T, config []byte) {
		got, err := yubikey.Read(script{
			selectManagement: []byte("Virtual mgr - FW version 5.4.3" + ok), readConfig: append(config, ok...),
		}, "")
		if err != nil || got.Version == "" || got.Model == "" {
			t.Errorf("%x is %+v, %v", config, got, err)
		}
	})
}
