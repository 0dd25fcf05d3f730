package token_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/sourcegraph/jsonrpc2"

	"github.com/mfad/mfad/token"
)

func TestErrorsCrossAndStayTheSame(t *testing.T) {
	for _, sentinel := range token.Codes() {
		text, err := json.Marshal(token.ToRPC(fmt.Errorf("doing it: %w", sentinel)))
		if err != nil {
			t.Fatal(err)
		}
		var object jsonrpc2.Error
		if err := json.Unmarshal(text, &object); err != nil {
			t.Fatal(err)
		}
		got := token.FromRPC(&object)
		for _, other := range token.Codes() {
			if errors.Is(got, other) != (other == sentinel) {
				t.Errorf("%v became %v", sentinel, got)
			}
		}
		if !strings.HasSuffix(got.Error(), "doing it: "+sentinel.Error()) {
			t.Errorf("%v says %q", sentinel, got)
		}
	}
}

func TestTriesLeftCross(t *testing.T) {
	for _, retries := range []int{0, 2, token.Unknown} {
		got := token.FromRPC(token.ToRPC(fmt.Errorf("opening: %w", &token.PINError{Retries: retries})))
		if pin, ok := errors.AsType[*token.PINError](got); !ok || pin.Retries != retries || !errors.Is(got, token.ErrPIN) {
			t.Errorf("%d became %#v", retries, got)
		}
	}
	odd := json.RawMessage(`"x"`)
	got := token.FromRPC(&jsonrpc2.Error{Code: token.ToRPC(token.ErrPIN).Code, Data: &odd})
	if pin, ok := errors.AsType[*token.PINError](got); !ok || pin.Retries != token.Unknown {
		t.Errorf("odd data became %#v", got)
	}
}

func TestForeignErrorsAreTheProgramsFault(t *testing.T) {
	for _, code := range []int64{-32601, 0, 1000, 1 << 62} {
		if err := token.FromRPC(&jsonrpc2.Error{Code: code, Message: strings.Repeat("é\n", 1000)}); !errors.Is(err, token.ErrHelper) ||
			len(err.Error()) > 700 || strings.Contains(err.Error(), "\n") {
			t.Errorf("%d became %q", code, err)
		}
	}
	if err := token.ToRPC(errors.New("odd")); !errors.Is(token.FromRPC(err), token.ErrHelper) {
		t.Errorf("an error of no kind became %v", err)
	}
}
