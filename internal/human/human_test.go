package human_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/mfad/mfad/internal/human"
	"github.com/mfad/mfad/internal/sealed"
)

func TestAnswerIsPrintedNowhere(t *testing.T) {
	a := human.Answer{Text: []byte("hunter2"), Yes: true}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d", "%q"} {
		fmt.Fprintf(&out, verb+" ", a)
		fmt.Fprintf(&out, verb+" ", &a)
	}
	slog.New(slog.NewJSONHandler(&out, nil)).Info("answered", "answer", a)
	slog.New(slog.NewTextHandler(&out, nil)).Info("answered", "answer", a)
	for _, text := range []string{"hunter2", "68756e74", "104 117", "aHVudGVy", "true"} {
		if strings.Contains(out.String(), text) {
			t.Errorf("%q is printed: %s", text, out.String())
		}
	}
	wire, err := json.Marshal(a)
	if err != nil || bytes.Contains(wire, []byte("aHVudGVyMg==")) {
		t.Errorf("JSON has %s, %v", wire, err)
	}
	if wire = sealed.Fill(wire); !bytes.Contains(wire, []byte("aHVudGVyMg==")) {
		t.Errorf("the wire has %s", wire)
	}
}

func TestNobodyAnswersSilence(t *testing.T) {
	ask := human.Silent{}
	if secret, err := human.AskSecret(t.Context(), ask, human.Question{What: "PIN"}); secret != nil || !errors.Is(err, human.ErrNoPrompt) {
		t.Errorf("got %v", err)
	}
	if yes, err := human.AskYes(t.Context(), ask, "sure?"); yes || !errors.Is(err, human.ErrNoPrompt) {
		t.Errorf("got %v, %v", yes, err)
	}
	if ask.Reach() != human.Nobody {
		t.Error("silence reaches somebody")
	}
}
