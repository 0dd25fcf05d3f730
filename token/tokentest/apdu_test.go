package tokentest_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/mfad/mfad/token/tokentest"
)

// unhex reads hexadecimal with blanks.
func unhex(t testing.TB, text string) []byte {
	t.Helper()
	p, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// talk sends commands and wants each answered so: a status, or data and status.
func talk(t *testing.T, y *tokentest.YubiKey, lines ...[2]string) {
	t.Helper()
	for _, line := range lines {
		got := y.Command(unhex(t, line[0]))
		if want := unhex(t, line[1]); !bytes.Equal(got, want) {
			t.Errorf("%s\n got %x\nwant %x", line[0], got, want)
		}
	}
}

const (
	selectPIV  = "00a4040005 a000000308"
	selectOATH = "00a4040007 a0000005272101"
	selected   = "61114f0600001000010079074f05a000000308 9000"
)

func TestMalformedCommandsAreRefused(t *testing.T) {
	y := tokentest.NewYubiKey(tokentest.YubiKeyOptions{})
	talk(t, y,
		[2]string{"", "6700"},
		[2]string{"00a404", "6700"},
		[2]string{"00fd0000", "6d00"},                         // nothing is selected
		[2]string{"00a4040006 a000000308", "6700"},            // a byte is missing
		[2]string{"00a4040005 a000000308 0000", "6700"},       // one is too many
		[2]string{"00a40400 000000 a000000308", "6700"},       // Lc of zero
		[2]string{"80a4040005 a000000308", "6e00"},            // not the class
		[2]string{"00a4040004 a0000003", "6a82"},              // not even the registered part
		[2]string{"00a4040008 d276000124010304", "6a82"},      // OpenPGP
		[2]string{"00a4000005 a000000308", "6a86"},            // not by name
		[2]string{"00a40400 000005 a000000308", selected},     // extended
		[2]string{"00a40400 000005 a0000003080000", selected}, // with Le
		[2]string{selectPIV, selected},
		[2]string{"00a404000b a000000308000010000100", selected},
		[2]string{"00a404000b a000000308000010000200", "6a82"}, // another version
		[2]string{"00fd0000", "050403 9000"},
		[2]string{"00fd0001", "6a86"},
		[2]string{"00010000", "6d00"},
		[2]string{"00c00000", "6985"}, // nothing remains
		[2]string{"00cb3fff 03 5c017e", "7e124f0ba0000003080000100001005f2f0240 00 9000"},
		[2]string{"00cb3f00 03 5c017e", "6a86"},
		[2]string{"00cb3fff 03 5c017f", "6a82"},
		[2]string{"00cb3fff 03 5d017e", "6a80"},
		[2]string{"00db3fff 07 5c035fc1055300", "6982"},
		[2]string{"0047009a 05 ac03800111", "6982"},
		[2]string{"0047009b 05 ac03800111", "6a86"},
		[2]string{"00ff ffff 03 039b18", "6982"},
		[2]string{"00f7009a", "6a88"},
		[2]string{"00f99a00", "6a88"},
		[2]string{"00fb0000", "6985"},
		[2]string{"0087119a 04 7c028200", "6a88"},
	)
}

func TestVersionsHaveTheirInstructions(t *testing.T) {
	for version, want := range map[string]string{
		"4.2.8": "f7 f8 f9", "4.3.7": "f7 f8", "5.2.7": "f7", "5.4.3": "", "5.7.1": "",
	} {
		y := tokentest.NewYubiKey(tokentest.YubiKeyOptions{Version: version})
		talk(t, y, [2]string{selectPIV, selected})
		var missing []string
		for _, ins := range []string{"f7", "f8", "f9"} {
			if bytes.Equal(y.Command(unhex(t, "00"+ins+"0000")), unhex(t, "6d00")) {
				missing = append(missing, ins)
			}
		}
		if got := strings.Join(missing, " "); got != want {
			t.Errorf("version %s lacks %q, want %q", version, got, want)
		}
	}
}

func TestAnswersComeInChunksAndCommandsInChains(t *testing.T) {
	y := tokentest.NewYubiKey(tokentest.YubiKeyOptions{})
	talk(t, y, [2]string{selectOATH, answerOfSelect(y)})
	for i := range 20 {
		name := fmt.Sprintf("%040d", i)
		put := append([]byte{0x71, 40}, name...)
		put = append(put, unhex(t, "7310 2106 0102030405060708090a0b0c0d0e")...)
		head, tail := put[:30], put[30:]
		talk(t, y,
			[2]string{fmt.Sprintf("10010000%02x%x", len(head), head), "9000"},
			[2]string{fmt.Sprintf("00010000%02x%x", len(tail), tail), "9000"})
	}
	var all []byte
	got := y.Command(unhex(t, "00a1000000"))
	for got[len(got)-2] == 0x61 {
		all = append(all, got[:len(got)-2]...)
		got = y.Command(unhex(t, "00a5000000"))
	}
	all = append(all, got[:len(got)-2]...)
	if len(all) != 20*43 || !bytes.HasSuffix(got, unhex(t, "9000")) {
		t.Errorf("%d bytes in chunks, want %d; the last %x", len(all), 20*43, got)
	}
	if whole := y.Command(unhex(t, "00a10000000000")); len(whole) != 20*43+2 {
		t.Errorf("%d bytes at once, want %d", len(whole), 20*43+2)
	}
	talk(t, y,
		[2]string{"00a1000001", "72 61ff"[:2] + "6100"}, // Le of one; 256 or more remain
		[2]string{"00c0000000", "6d00"},
		[2]string{"00a5000000", "6985"}) // another command forgot the rest
}

func answerOfSelect(y *tokentest.YubiKey) string {
	return "7903050403 7108" + y.OATHID() + "9000"
}

func TestTheJournalPrintsNoSecrets(t *testing.T) {
	y := tokentest.NewYubiKey(tokentest.YubiKeyOptions{})
	talk(t, y, [2]string{selectPIV, selected}, [2]string{"00200080 08 313233343536ffff", "9000"})
	journal := y.Journal()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		text := fmt.Sprintf(verb, journal)
		if strings.Contains(text, "313233") || strings.Contains(text, "123456") || strings.Contains(text, "49 50 51") {
			t.Errorf("%s tells the PIN: %s", verb, text)
		}
	}
	if got := fmt.Sprint(journal[1]); got != "00 20 00 80 [8] -> 9000 [0]" {
		t.Errorf("it prints as %q", got)
	}
}
