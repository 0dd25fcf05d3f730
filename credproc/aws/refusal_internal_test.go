package aws

import (
	"errors"
	"testing"

	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/credproc/config"
)

// A service brings its own refusals; the others hold for all services.
func TestRefusalsOfAServiceComeBeforeThoseOfAll(t *testing.T) {
	var pool Pool
	t.Cleanup(pool.Close)
	service, err := pool.Service(Target{
		Name: "IAM", At: config.Endpoint{Region: config.Value{Text: "eu-west-1"}},
		Refusals: []Refusal{
			{Code: "AccessDenied", Text: "boundary", Class: credproc.ErrInvalid, Sentence: "a boundary of " + Where + " forbids it"},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		code, message string
		status        int
		class         error
		sentence      string
	}{
		{"AccessDenied", "a permissions boundary", 403, credproc.ErrInvalid, "a boundary of IAM in eu-west-1 forbids it"},
		{"AccessDenied", "no", 403, credproc.ErrDenied, "AWS denied the call"},
		{"InvalidClientTokenId", "no", 403, credproc.ErrKeyRefused, "AWS does not know the access key at IAM in eu-west-1, or it is inactive"},
		{"Throttling", "slow", 400, credproc.ErrThrottled, "AWS asks to slow down"},
		{"", "", 302, credproc.ErrNoService, "what answered at IAM in eu-west-1 is not IAM"},
	} {
		call := service.Call("ListMFADevices", credproc.Credentials{}, "")
		sentence, class := call.classify(&credproc.RefusalError{Code: test.code, Message: test.message, Status: test.status})
		if sentence != test.sentence || !errors.Is(class, test.class) {
			t.Errorf("%s %q: got %q of class %v, want %q", test.code, test.message, sentence, class, test.sentence)
		}
	}
}
