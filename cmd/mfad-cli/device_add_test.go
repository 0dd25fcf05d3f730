package main

import (
	"strings"
	"testing"
)

func TestSeveralQRCodesAreNamedAndNotGuessed(t *testing.T) {
	const secret = "JBSWY3DPEHPK3PXP"
	one := []byte("otpauth://totp/Amazon%20Web%20Services:alice@123456789012?secret=" + secret)
	other := []byte("otpauth://totp/bob?secret=" + secret)
	web := []byte("https://example.com/" + secret)
	part := []byte(migrationScheme + "offline?data=" + secret)
	for name, test := range map[string]struct {
		texts [][]byte
		want  []string // of the error; nil: taken
	}{
		"one":             {[][]byte{one}, nil},
		"parts":           {[][]byte{part, part}, nil},
		"two devices":     {[][]byte{one, other}, []string{"2 QR codes", `"Amazon Web Services:alice@123456789012"`, `"bob"`}},
		"device and link": {[][]byte{one, web}, []string{"one that is no MFA device"}},
		"device and part": {[][]byte{other, part}, []string{"an export of several devices"}},
		"no label":        {[][]byte{web, []byte("otpauth://totp?secret=" + secret)}, []string{"without a name"}},
		"control":         {[][]byte{web, []byte("otpauth://totp/a%1b%5b2J?secret=" + secret)}, []string{`"a\x1b[2J"`}},
	} {
		t.Run(name, func(t *testing.T) {
			chosen, err := chooseSeeds(test.texts)
			if test.want == nil {
				if err != nil || len(chosen) != len(test.texts) {
					t.Fatalf("%d chosen, %v", len(chosen), err)
				}
				return
			}
			for _, want := range test.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want %q", err, want)
				}
			}
			if err != nil && strings.Contains(err.Error(), secret) {
				t.Error("the error tells the secret")
			}
		})
	}
}
