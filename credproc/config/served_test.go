package config

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestServedTellsWhatStandsBesideMfad(t *testing.T) {
	r := setup(t, "", "[profile a]\ncredential_process = /x/mfad credentials --profile a\nregion = eu-west-1\n"+
		"[profile b]\nrole_arn = "+admin+"\nsource_profile = c\ncredential_process = '/p q/mfad' credentials --profile z\nsso_session = s\n"+
		"[profile c]\ncredential_process = /x/other\n", "[b]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = s\n", nil)
	got, err := r.Served()
	if err != nil {
		t.Fatal(err)
	}
	p := r.Paths()
	want := []Served{
		{
			Name: "a", Program: "/x/mfad", Asks: "a",
			Process: Value{"/x/mfad credentials --profile a", Origin{File: p.Config, Line: 2}},
		},
		{
			Name: "b", Program: "/p q/mfad", Asks: "z",
			Process: Value{"'/p q/mfad' credentials --profile z", Origin{File: p.Config, Line: 7}},
			Rivals: []Value{
				{KeyRoleARN, Origin{File: p.Config, Line: 5}},
				{keyAccessKeyID, Origin{File: p.Credentials, Line: 2}},
				{keySSOSession, Origin{File: p.Config, Line: 8}},
			},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
