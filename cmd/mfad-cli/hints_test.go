package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/mfad/mfad/internal/errcode"
)

func TestEveryCodeHasAnAdvice(t *testing.T) {
	codes := errcode.Codes()
	for _, code := range codes {
		a := adviceOn(code)
		if a.exit < exitError || a.exit > exitLater {
			t.Errorf("%v: exit code %d", code, a.exit)
		}
		if a.hint == noHint && code != errcode.BadRequest && code != errcode.Dismissed {
			t.Errorf("%v: nothing is advised", code)
		}
		if a.hint != noHint && !strings.HasSuffix(a.hint, ".") && !strings.HasSuffix(a.hint, ").") {
			t.Errorf("%v: the hint is no sentence: %s", code, a.hint)
		}
	}
	if len(advices) != len(codes)+1 { // there is no code 0
		t.Errorf("%d advices for %d codes", len(advices)-1, len(codes))
	}
}

func TestReportIsOneLineAndAHint(t *testing.T) {
	for name, test := range map[string]struct {
		err     error
		subject string
		want    string
		exit    int
	}{
		"wire": {
			errcode.Errorf(errcode.BadConfig, "config:3: what"), "prod",
			"mfad: error: config:3: what\nmfad: hint: Correct that setting, then check it with \"mfad profile show prod\".\n", exitUsage,
		},
		"wire, odd name": {
			errcode.BadConfig, "a b; rm",
			"mfad: error: bad configuration\nmfad: hint: Correct that setting, then check it with \"mfad profile show NAME\".\n", exitUsage,
		},
		"no hint":       {errcode.Dismissed, "", "mfad: error: dismissed\n", exitPerson},
		"later version": {&errcode.Error{Code: 9999, Message: "new"}, "", "mfad: error: new\nmfad: hint: Run \"mfad agent restart\".\n", exitAgent},
		"control":       {errors.New("a\x1b[2Jb\nc\u202e"), "", "mfad: error: a\ufffd[2Jb; c\ufffd\n", exitError},
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			if exit := reportError(&b, errorAbout(test.subject, test.err)); exit != test.exit {
				t.Errorf("exit %d, want %d", exit, test.exit)
			}
			if b.String() != test.want {
				t.Errorf("got %q, want %q", b.String(), test.want)
			}
		})
	}
}

// What an error tells of itself stands in the command, if it can be pasted.
func TestHintNamesWhatTheErrorTells(t *testing.T) {
	untrusted := errcode.With(errcode.With(errcode.UntrustedEndpoint, "endpoint", "https://sts.example.com:8443"), "identity", "AKIAX")
	for want, err := range map[string]error{
		`Run "mfad key trust base https://sts.example.com:8443" if`: errcode.With(untrusted, "key", "base"),
		`then run "mfad key trust AKIAX https://sts.example.com`:    untrusted,
		`Run "mfad key trust KEY URL"`:                              errcode.With(errcode.UntrustedEndpoint, "endpoint", "https://x/$(reboot)"),
		`"mfad key import work"`:                                    &errcode.Error{Code: errcode.NoKey, Told: map[string]string{"key": "work"}},
		`run "mfad device resume phone"`:                            errcode.With(errcode.Clock, "device", "phone"),
		`Leave --serial out: vpn gives`:                             errcode.With(errcode.BadSeed, "device", "vpn"),
		`"mfad key import base --replace"`:                          errcode.With(errcode.KeyRefused, "key", "base"),
		`"mfad key import NAME --replace"`:                          errcode.KeyRefused,
		`denies GetSessionToken to access key AKIAX`:                errcode.With(errcode.With(errcode.Denied, "identity", "AKIAX"), "operation", "GetSessionToken"),
		`the trust policy of the role`:                              errcode.With(errcode.Denied, "identity", "AKIAX"),
		`Renew the login that aws-vault works with`:                 errcode.With(errcode.Expired, "program", "aws-vault"),
		`Run "mfad session forget --all"`:                           errcode.Expired,
	} {
		if _, hint := exitAndHint(err); !strings.Contains(hint, want) {
			t.Errorf("got %q, want %q in it", hint, want)
		}
	}
}

// No hint sends a person back to the verb that has just failed, and none says
// nothing where there was something to say.
func TestNoHintPointsAtTheVerbThatGaveIt(t *testing.T) {
	hints := map[string]string{"lookAround": lookAround}
	for _, code := range errcode.Codes() {
		hints[code.Error()] = adviceOn(code).hint
	}
	for _, way := range waysOut {
		hints[way.is.Error()] = way.words
	}
	eachVerb(rootCommand(testCLI()), func(cmd *cobra.Command) {
		verb := strings.TrimPrefix(cmd.CommandPath(), "mfad ")
		for of, hint := range hints {
			got := hintFrom(verb, hint)
			if strings.HasPrefix(got, `Run "mfad `+verb+`"`) && !strings.Contains(got, "again") {
				t.Errorf("%s, of %s: %s", verb, of, got)
			}
			if got == "" && hint != "" && verb != "doctor" {
				t.Errorf("%s, of %s: nothing is advised", verb, of)
			}
		}
	})
	for _, row := range []struct{ verb, hint, want string }{
		{"doctor", `Run "mfad doctor", and read the agent's log.`, ""},
		{"status", `Run the same again; "mfad status" shows what the agent is doing.`, "Run the same again."},
		{"unlock", `Run "mfad unlock" again, or "mfad unlock --slot recovery".`, `Run "mfad unlock" again, or "mfad unlock --slot recovery".`},
		{"profile show", `Correct it, then check it with "mfad profile show a".`, `Correct it, then check it with "mfad profile show a".`},
		{"token list", `Run "mfad token list" to see what it can do, or use another token.`, lookAround},
		{"device move", `Run "mfad device move work --on-token".`, `Run "mfad device move work --on-token".`},
	} {
		if got := hintFrom(row.verb, row.hint); got != row.want {
			t.Errorf("%s: got %q, want %q", row.verb, got, row.want)
		}
	}
}
