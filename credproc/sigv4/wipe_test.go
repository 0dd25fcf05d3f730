package sigv4

import (
	"bytes"
	"testing"
)

func TestKeyOfASecretIsWiped(t *testing.T) {
	key := Secret([]byte("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"))
	dayKey(key, "20150830")
	if !bytes.Equal(key, make([]byte, len(key))) {
		t.Error("the secret is still there")
	}
}

// All keys between that of a day and that of a request stand in one place, which
// the signer wipes.
func TestDerivedKeysReplaceTheKeyOfTheDay(t *testing.T) {
	kDate := SigningKey([]byte("secret"), "20150830")
	before := bytes.Clone(kDate)
	derive(kDate, Terms{Region: "us-east-1", Service: "sts"})
	if bytes.Equal(kDate, before) {
		t.Error("the derived key stands elsewhere")
	}
}
