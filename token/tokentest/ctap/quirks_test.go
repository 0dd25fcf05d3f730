//go:build linux

package ctap

import (
	"encoding/base64"
	"strings"
	"testing"
)

func TestFIDO2TokenSeesWhatAKeyIsLike(t *testing.T) {
	for name, test := range map[string]struct {
		options Options
		want    []string
	}{
		"always the PIN": {Options{PIN: "123456", AlwaysUV: true}, []string{"FIDO_2_1", "alwaysUv", "clientPin"}},
		"a finger":       {Options{PIN: "123456", Biometric: true}, []string{"bioEnroll", "uv,"}},
	} {
		t.Run(name, func(t *testing.T) {
			k := newKey(t, test.options)
			out := mustRun(t, "", "fido2-token", "-I", k.Path())
			for _, want := range test.want {
				if !strings.Contains(out, want) {
					t.Errorf("fido2-token -I does not say %q:\n%s", want, out)
				}
			}
		})
	}
}

func TestFIDO2TokenTakesAKeyFromBeforeFIDO2ForOne(t *testing.T) {
	k := newKey(t, Options{U2FOnly: true})
	out := mustRun(t, "", "fido2-token", "-I", k.Path())
	if !strings.Contains(out, "nocbor") || strings.Contains(out, "FIDO_2_0") {
		t.Errorf("fido2-token -I says:\n%s", out)
	}
}

func TestForeignClientsUseCredentialsOfEachLength(t *testing.T) {
	for _, length := range []int{1, 16, 255, 256, 1023} {
		k := newKey(t, Options{IDLength: length})
		m := makeCred(t, k, nil)
		if id, err := base64.StdEncoding.DecodeString(m.id); err != nil || len(id) != length {
			t.Errorf("%d: its ID has %d bytes, %v", length, len(id), err)
		}
		salt := random64(32)
		first := secret(t, k, m, salt, nil)
		if again := secret(t, k, m, salt, nil); again != first {
			t.Errorf("%d: the same salt gives another secret", length)
		}
	}
}

func TestKeyThatAlwaysWantsThePINRefusesToDoWithout(t *testing.T) {
	k := newKey(t, Options{PIN: "123456", AlwaysUV: true})
	m := makeCred(t, k, []string{"123456"})
	in := strings.Join([]string{random64(32), "age-encryption.org", m.id, random64(32), ""}, "\n")
	if _, err := run(t, in, "fido2-assert", "-G", "-h", k.Path()); err == nil {
		t.Error("it gave its secret without the PIN")
	}
	secret(t, k, m, random64(32), []string{"123456"}, "-v")
}
