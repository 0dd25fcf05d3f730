package sts

import "testing"

func TestAccessKeyIDTellsTheAccount(t *testing.T) {
	for id, want := range map[string]string{
		"ASIAQNZGKIQY56JQ7WML":  "029608264753",
		"AKIAIOSFODNN7EXAMPLE":  "", // made before ids told the account
		"AKIA0000000000000000":  "",
		"AKIA":                  "",
		"":                      "",
		"ASIAQNZGKIQY56JQ7WMLX": "",
	} {
		if got := accountOfKey(id); got != want {
			t.Errorf("%q: got %q, want %q", id, got, want)
		}
	}
}
