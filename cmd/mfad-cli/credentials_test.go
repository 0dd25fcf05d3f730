package main

import "testing"

func TestCredentialsProfileKnowsOnlyTheLineOfConfigFiles(t *testing.T) {
	for _, test := range []struct {
		args    []string
		profile string
		ok      bool
	}{
		{[]string{"credentials", "--profile", "prod"}, "prod", true},
		{[]string{"credentials", "--profile=prod"}, "prod", true},
		{[]string{"credentials", "--profile="}, "", false},
		{[]string{"credentials", "--profile", ""}, "", false},
		{[]string{"credentials", "--profile", "--help"}, "", false},
		{[]string{"credentials", "--help"}, "", false},
		{[]string{"credentials", "prod"}, "", false},
		{[]string{"credentials"}, "", false},
		{[]string{"credentials", "--profile", "prod", "--help"}, "", false},
		{[]string{"exec", "--profile", "prod"}, "", false},
		{[]string{"--profile", "prod", "credentials"}, "", false},
		{nil, "", false},
	} {
		profile, ok := credentialsProfile(test.args)
		if ok != test.ok || ok && profile != test.profile {
			t.Errorf("%q: got %q, %v", test.args, profile, ok)
		}
	}
}
