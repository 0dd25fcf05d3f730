package main

import (
	"strings"
	"testing"

	"github.com/mfad/mfad/cmd/mfad-cli/internal/keycsv"
)

func TestChooseKeyAsksWhichOfSeveral(t *testing.T) {
	keys := []keycsv.Key{{User: "alice", ID: "A", Line: 2}, {User: "bob", ID: "B", Line: 3}, {User: "bob", ID: "C", Line: 4}}
	if k, err := chooseKey(keys, "alice"); err != nil || k.ID != "A" {
		t.Errorf("alice: %v, %v", k.ID, err)
	}
	for user, want := range map[string]string{"": "3 keys", "bob": "2 keys of user", "carol": "no key of user"} {
		_, err := chooseKey(keys, user)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("user %q: got %v, want %q", user, err, want)
		}
	}
	_, err := chooseKey(keys, "")
	for _, want := range []string{`"alice" (line 2)`, `"bob" (line 3)`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not tell of %s", err, want)
		}
	}
}
