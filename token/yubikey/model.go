package yubikey

import "strings"

// model is the name under which Yubico sells it, as ykman derives it; empty for
// what is no YubiKey.
func (i info) model() string {
	switch {
	case !i.yubikey:
		return ""
	case i.version[0] == 3:
		return "YubiKey NEO"
	case i.version[0] == 4:
		return i.model4()
	case i.preview():
		return "YubiKey Preview"
	case !i.version.before(5, 1, 0) && i.complete:
		return i.model5()
	}
	return "YubiKey"
}

func (i info) model4() string {
	switch {
	case i.fips:
		return "YubiKey FIPS (4 Series)"
	case i.apps == appOTP|appU2F, i.apps == appOTP|appU2F|0x04: // 04: a CCID interface without applets
		return "YubiKey Edge"
	}
	return "YubiKey 4"
}

// preview says that the version was never sold.
func (i info) preview() bool {
	v := i.version
	return v[0] == 5 && (v[1] == 0 || v[1] == 2 && v[2] < 3 || v[1] == 5 && v[2] < 2)
}

// model5 puts the name together: "YubiKey 5C Nano FIPS".
func (i info) model5() string {
	bio := i.form == bioA || i.form == bioC
	oldSKY := i.serial == 0 && i.fidoOnly() && i.version.before(5, 2, 8)
	var name []string
	switch {
	case oldSKY && !i.nfc:
		return "Security Key by Yubico"
	case oldSKY || i.sky:
		name = append(name, "Security Key"+i.plug(" "))
	case bio:
		name = append(name, "YubiKey"+i.plug(" "))
	default:
		name = append(name, "YubiKey 5"+i.plug(""))
	}
	if i.form == nanoA || i.form == nanoC {
		name = append(name, "Nano")
	}
	if i.nfc {
		name = append(name, "NFC")
	}
	if bio {
		name = append(name, "Bio")
	}
	return strings.Join(append(name, i.edition(bio)...), " ")
}

// plug is the letter for what it is plugged into; the usual one has none.
func (i info) plug(space string) string {
	switch i.form {
	case keychainC, nanoC, bioC:
		return space + "C"
	case lightning:
		return space + "Ci"
	case keychainA:
		if !i.nfc {
			return space + "A"
		}
	}
	return ""
}

func (i info) edition(bio bool) []string {
	var edition []string
	switch {
	case bio && i.fidoOnly():
		edition = append(edition, "- FIDO Edition")
	case bio && i.apps&appPIV != 0:
		edition = append(edition, "- Multi-protocol Edition")
	}
	if i.fips {
		edition = append(edition, "FIPS")
	}
	if i.sky && i.serial != 0 {
		edition = append(edition, "- Enterprise Edition")
	}
	return edition
}

func (i info) fidoOnly() bool { return i.apps&^(appU2F|appFIDO2) == 0 }
