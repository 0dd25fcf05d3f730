package tokentest

import (
	"bytes"
	"debug/elf"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
)

// writeConfig writes a stanza for each port and puts a copy of the driver
// beside it: it keeps its state in variables of its own.
func writeConfig(dir string, driver []byte, ports []int) (config string, err error) {
	config = filepath.Join(dir, "conf")
	if err := os.MkdirAll(config, 0o700); err != nil {
		return "", err
	}
	var text bytes.Buffer
	for i, port := range ports {
		copied := filepath.Join(dir, "vpcd"+strconv.Itoa(i)+".so")
		if err := os.WriteFile(copied, driver, 0o600); err != nil {
			return "", err
		}
		fmt.Fprintf(&text, "FRIENDLYNAME %q\nDEVICENAME /dev/null:%d\nLIBPATH %s\nCHANNELID %d\n\n",
			friendlyName(i), port, copied, port)
	}
	return config, os.WriteFile(filepath.Join(config, "readers"), text.Bytes(), 0o600)
}

// vpcdSlots is how many readers vpcd makes of each stanza, at its port and the
// ones after it.
const vpcdSlots = 2

// storesSlots is "store the byte 2" in the code of x86-64.
var storesSlots = regexp.MustCompile(`(?s)\xc6(?:[\x00-\x03\x05-\x07]|[\x40-\x43\x45-\x47].)\x02`)

// loadDriver reads the driver and makes it answer that it has one reader
// instead of two: the other would look like a second YubiKey, about which ykman
// would ask. Where the code is not as we know it, there are two.
func loadDriver(path string) (code []byte, slots int, err error) {
	code, err = os.ReadFile(path)
	if err != nil {
		return nil, 0, err
	}
	object, err := elf.NewFile(bytes.NewReader(code))
	if err != nil {
		return nil, 0, err
	}
	if object.Machine != elf.EM_X86_64 {
		return code, vpcdSlots, nil
	}
	symbols, err := object.DynamicSymbols()
	if err != nil {
		return nil, 0, err
	}
	for _, symbol := range symbols {
		if symbol.Name == "IFDHGetCapabilities" && int(symbol.Section) < len(object.Sections) {
			section := object.Sections[symbol.Section]
			from := symbol.Value - section.Addr + section.Offset
			if to := from + symbol.Size; to <= uint64(len(code)) && setOneSlot(code[from:to]) {
				return code, 1, nil
			}
		}
	}
	return code, vpcdSlots, nil
}

func setOneSlot(function []byte) bool {
	// Latin-1: a regular expression sees bytes else as UTF-8.
	wide := make([]rune, len(function))
	for i, b := range function {
		wide[i] = rune(b)
	}
	found := storesSlots.FindAllStringIndex(string(wide), -1)
	if len(found) != 1 {
		return false
	}
	end := len([]rune(string(wide)[:found[0][1]]))
	function[end-1] = 1
	return true
}
