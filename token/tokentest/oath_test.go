package tokentest_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"fmt"
	"testing"

	"github.com/mfad/mfad/token/tokentest"
)

// RFC 6238, appendix B: eight digits of each algorithm at 59 s.
func TestCodesAreThoseOfTheRFC(t *testing.T) {
	y := tokentest.NewYubiKey(tokentest.YubiKeyOptions{})
	y.Command(unhex(t, selectOATH))
	for kind, vector := range map[byte]struct {
		key  string
		code int
	}{
		0x21: {"12345678901234567890", 94287082},
		0x22: {"12345678901234567890123456789012", 46119246},
		0x23: {"1234567890123456789012345678901234567890123456789012345678901234", 90693936},
	} {
		key := fmt.Sprintf("%02x08%x", kind, vector.key)
		put := fmt.Sprintf("7101%02x 73%02x%s", kind, len(key)/2, key)
		got := y.Command(unhex(t, fmt.Sprintf("00010000%02x %s", len(unhex(t, put)), put)))
		if fmt.Sprintf("%x", got) != "9000" {
			t.Fatalf("PUT of %02x: %x", kind, got)
		}
		got = y.Command(unhex(t, fmt.Sprintf("00a20001 0d 7101%02x 74080000000000000001", kind)))
		if len(got) != 9 || got[2] != 8 {
			t.Fatalf("CALCULATE of %02x: %x", kind, got)
		}
		code := int(got[3])<<24 | int(got[4])<<16 | int(got[5])<<8 | int(got[6])
		if code%100_000_000 != vector.code {
			t.Errorf("code of %02x is %08d, want %08d", kind, code%100_000_000, vector.code)
		}
	}
}

func TestFullResponsesAreWholeHMACs(t *testing.T) {
	y := tokentest.NewYubiKey(tokentest.YubiKeyOptions{})
	key := []byte("AWS4" + "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("20261121"))
	talk(t, y,
		[2]string{selectOATH, answerOfSelect(y)},
		[2]string{fmt.Sprintf("00010000%02x 710161 73%02x2206%x", 3+2+2+len(key), 2+len(key), key), "9000"},
		[2]string{fmt.Sprintf("00a20000 0d 710161 7408%x 00", "20261121"), fmt.Sprintf("752106%x9000", mac.Sum(nil))})
}

func TestOATHRefusesWhatItCannotTake(t *testing.T) {
	const put = "710161 7310 2106 0102030405060708090a0b0c0d0e"
	y := tokentest.NewYubiKey(tokentest.YubiKeyOptions{RefuseOverwrite: true})
	talk(t, y,
		[2]string{selectOATH, answerOfSelect(y)},
		[2]string{"00010000 15 " + put, "9000"},
		[2]string{"00010000 15 " + put, "6985"},
		[2]string{"00010000 17 710162 7310 2106 0102030405060708090a0b0c0d0e 7802", "9000"},
		[2]string{"00010000 17 710163 7310 2106 0102030405060708090a0b0c0d0e 7804", "6a80"},
		[2]string{"00010000 18 710163 7310 2106 0102030405060708090a0b0c0d0e 780102", "6a80"}, // a length
		[2]string{"00010000 14 710163 730f 2106 0102030405060708090a0b0c0d", "6a80"},          // short key
		[2]string{"00010000 15 710163 7310 4106 0102030405060708090a0b0c0d0e", "6a80"},        // no such type
		[2]string{"00010000 15 710163 7310 2109 0102030405060708090a0b0c0d0e", "6a80"},        // nine digits
		[2]string{"00010000 14 7100 7310 2106 0102030405060708090a0b0c0d0e", "6a80"},          // no name
		[2]string{"00020000 03 710164", "6984"},
		[2]string{"00a20001 0d 710164 74080000000000000001", "6984"},
		[2]string{"00a20002 0d 710161 74080000000000000001", "6a86"},
		[2]string{"00a20001 03 710161", "6a80"},
		[2]string{"00050000 06 710161 710162", "6985"},
		[2]string{"00050000 06 710164 710165", "6984"},
		[2]string{"00050000 06 710161 710165", "9000"},
		[2]string{"00040000", "6a86"},
		[2]string{"00ff0000", "6d00"},
	)
}

func TestTheAccessCodeLocksUntilBothHaveProvedThemselves(t *testing.T) {
	y := tokentest.NewYubiKey(tokentest.YubiKeyOptions{})
	key := []byte("0123456789abcdef")
	sum := func(challenge []byte) []byte {
		mac := hmac.New(sha1.New, key)
		mac.Write(challenge)
		return mac.Sum(nil)
	}
	ours := []byte("ours----")
	talk(t, y,
		[2]string{selectOATH, answerOfSelect(y)},
		[2]string{fmt.Sprintf("00030000 33 731121%x 7408%x 7514%040d", key, ours, 0), "6984"}, // not proved
		[2]string{fmt.Sprintf("00030000 33 731121%x 7408%x 7514%x", key, ours, sum(ours)), "9000"},
		[2]string{"00a10000", "9000"})
	got := y.Command(unhex(t, selectOATH))
	if len(got) != 30 || got[15] != 0x74 {
		t.Fatalf("SELECT with an access code: %x", got)
	}
	challenge := got[17:25]
	talk(t, y,
		[2]string{"00a10000", "6982"},
		[2]string{fmt.Sprintf("00a30000 20 7514%040d 7408%x", 0, ours), "6a80"},
		[2]string{"00a10000", "6982"},
		[2]string{fmt.Sprintf("00a30000 20 7514%x 7408%x", sum(challenge), ours), fmt.Sprintf("7514%x9000", sum(ours))},
		[2]string{"00a10000", "9000"})
	y.Reset()
	y.Command(unhex(t, selectOATH))
	talk(t, y, [2]string{"00a10000", "6982"})
}
