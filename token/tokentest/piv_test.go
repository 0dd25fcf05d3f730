package tokentest_test

import (
	"bytes"
	"crypto/des"
	"crypto/ecdh"
	"crypto/rand"
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mfad/mfad/token/tokentest"
)

// newPIV is a YubiKey whose PIV applet is selected.
func newPIV(t *testing.T, o tokentest.YubiKeyOptions) *tokentest.YubiKey {
	t.Helper()
	y := tokentest.NewYubiKey(o)
	talk(t, y, [2]string{selectPIV, selected})
	return y
}

// authenticate does single authentication, as some clients do: the foreign ones
// in the other tests do the mutual one.
func authenticate(t *testing.T, y *tokentest.YubiKey) {
	t.Helper()
	got := y.Command(unhex(t, "0087039b 04 7c028100 00"))
	if len(got) != 14 || !bytes.Equal(got[:4], unhex(t, "7c0a8108")) {
		t.Fatalf("the challenge: %x", got)
	}
	block, err := des.NewTripleDESCipher(unhex(t, "010203040506070801020304050607080102030405060708"))
	if err != nil {
		t.Fatal(err)
	}
	block.Encrypt(got[4:12], got[4:12])
	talk(t, y, [2]string{fmt.Sprintf("0087039b 0c 7c0a8208%x", got[4:12]), "9000"})
}

const (
	goodPIN  = "00200080 08 313233343536ffff"
	wrongPIN = "00200080 08 303030303030ffff"
)

// agree asks slot 82 for ECDH with a point; the answer is its status.
func agree(t *testing.T, y *tokentest.YubiKey, peer *ecdh.PrivateKey) string {
	t.Helper()
	got := y.Command(unhex(t, fmt.Sprintf("00871182 47 7c45 8200 8541%x", peer.PublicKey().Bytes())))
	if len(got) == 2 {
		return fmt.Sprintf("%x", got)
	}
	secret, err := y.Key(0x82).(*ecdh.PrivateKey).ECDH(peer.PublicKey())
	if err != nil {
		t.Fatal(err)
	}
	if want := append(unhex(t, "7c228220"), append(secret, 0x90, 0)...); !bytes.Equal(got, want) {
		t.Errorf("ECDH gives %x, want %x", got, want)
	}
	return "9000"
}

func TestThePINCounterRunsDownAndBlocks(t *testing.T) {
	y := newPIV(t, tokentest.YubiKeyOptions{})
	talk(t, y,
		[2]string{"00200080", "63c3"},
		[2]string{"00200080 07 313233343536ff", "6a80"}, // not tried
		[2]string{"00200081", "6a88"},
		[2]string{"00200180", "6a86"},
		[2]string{wrongPIN, "63c2"},
		[2]string{goodPIN, "9000"},
		[2]string{"00200080", "9000"},
		[2]string{selectPIV, selected},
		[2]string{"00200080", "9000"}, // selected again: still verified
		[2]string{"0020ff80", "9000"},
		[2]string{"00200080", "63c3"},
		[2]string{wrongPIN, "63c2"},
		[2]string{wrongPIN, "63c1"},
		[2]string{wrongPIN, "63c0"},
		[2]string{goodPIN, "6983"},
		[2]string{"00200080", "6983"},
		[2]string{"00f70080", "0101ff 050101 06020300 9000"},
		[2]string{"002c0080 10 3132333435363738 363534333231ffff", "9000"},
		[2]string{"00f70080", "0101ff 050100 06020303 9000"},
		[2]string{"00240081 10 3132333435363730 3132333435363738", "63c2"},
		[2]string{"00240080 10 363534333231ffff 31323334ffffffff", "6a80"}, // too short
	)
	if y.PINRetries() != 3 || y.PUKRetries() != 2 {
		t.Errorf("%d and %d tries are left, want 3 and 2", y.PINRetries(), y.PUKRetries())
	}
}

func TestPoliciesOfAKeyAreKept(t *testing.T) {
	peer, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		pin, touch byte
		want       string // without a PIN; with; with, once more; after 20 s
		touches    int
	}{
		{1, 1, "9000 9000 9000 9000", 0},
		{2, 1, "6982 9000 9000 9000", 0},
		{3, 1, "6982 9000 6982 6982", 0},
		{1, 2, "9000 9000 9000 9000", 4},
		{1, 3, "9000 9000 9000 9000", 2},
		{0, 0, "6982 9000 9000 9000", 0},
	} {
		t.Run(fmt.Sprint(test.pin, test.touch), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				y := newPIV(t, tokentest.YubiKeyOptions{})
				authenticate(t, y)
				y.Command(unhex(t, fmt.Sprintf("00470082 0b ac09 800111 aa01%02x ab01%02x", test.pin, test.touch)))
				got := agree(t, y, peer)
				talk(t, y, [2]string{goodPIN, "9000"})
				got += " " + agree(t, y, peer) + " " + agree(t, y, peer)
				time.Sleep(20 * time.Second)
				got += " " + agree(t, y, peer)
				if got != test.want || y.Touches() != test.touches {
					t.Errorf("%s with %d touches, want %s with %d", got, y.Touches(), test.want, test.touches)
				}
			})
		})
	}
}

func TestATouchComesLateOrNever(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		peer, err := ecdh.P256().GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		y := newPIV(t, tokentest.YubiKeyOptions{})
		authenticate(t, y)
		y.Command(unhex(t, "00470082 0b ac09 800111 aa0101 ab0102"))
		for after, want := range map[time.Duration]struct {
			status string
			took   time.Duration
		}{
			tokentest.TouchNow: {"9000", 0}, 7 * time.Second: {"9000", 7 * time.Second},
			tokentest.TouchNever: {"6982", 15 * time.Second}, time.Minute: {"6982", 15 * time.Second},
		} {
			y.SetTouch(after)
			began := time.Now()
			if got := agree(t, y, peer); got != want.status || time.Since(began) != want.took {
				t.Errorf("touch after %v: %s after %v, want %s after %v", after, got, time.Since(began), want.status, want.took)
			}
		}
		if y.Touches() != 2 || y.Waits() != 4 {
			t.Errorf("%d touches of %d waits, want 2 of 4", y.Touches(), y.Waits())
		}
	})
}

func TestPowerLossForgetsWhatWasVerified(t *testing.T) {
	y := newPIV(t, tokentest.YubiKeyOptions{})
	authenticate(t, y)
	talk(t, y, [2]string{goodPIN, "9000"}, [2]string{"00db3fff 0a 5c035fc109 5303010203", "9000"})
	y.Reset()
	talk(t, y,
		[2]string{"00200080", "6d00"},
		[2]string{selectPIV, selected},
		[2]string{"00200080", "63c3"},
		[2]string{"00cb3fff 05 5c035fc109", "6982"}, // the printed information wants the PIN
		[2]string{"00db3fff 0a 5c035fc109 5303010203", "6982"},
		[2]string{goodPIN, "9000"},
		[2]string{"00cb3fff 05 5c035fc109", "5303010203 9000"},
		[2]string{selectOATH, answerOfSelect(y)}, // another applet ends it, too
		[2]string{selectPIV, selected},
		[2]string{"00200080", "63c3"})
}

func TestAttestationSaysWhatTheKeyIs(t *testing.T) {
	ca := tokentest.NewCA("another root")
	y := newPIV(t, tokentest.YubiKeyOptions{Serial: 77, CA: ca, FormFactor: 3})
	authenticate(t, y)
	y.Command(unhex(t, "00470082 0b ac09 800111 aa0103 ab0102"))
	got := y.Command(unhex(t, "00f98200 000000"))
	certificate, err := x509.ParseCertificate(got[:len(got)-2])
	if err != nil {
		t.Fatal(err)
	}
	values := map[string][]byte{}
	for _, extension := range certificate.Extensions {
		values[extension.Id.String()] = extension.Value
	}
	serial, err := asn1.Marshal(77)
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string][]byte{"3": {5, 4, 3}, "7": serial, "8": {3, 2}, "9": {3}} {
		if got := values["1.3.6.1.4.1.41482.3."+id]; !bytes.Equal(got, want) {
			t.Errorf("extension %s is %x, want %x", id, got, want)
		}
	}
	if y.CA() != ca {
		t.Error("it has another CA")
	}
}
