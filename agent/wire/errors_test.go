package wire_test

import (
	"encoding/json"
	"maps"
	"testing"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/errcode"
)

// The client reads a refusal as [wire.Message] has it, and the agent writes that of
// jsonrpc2: what the advice names arrives.
func TestWhatARefusalTellsArrives(t *testing.T) {
	sent := &errcode.Error{Code: errcode.NoKey, Message: "no key", Told: map[string]string{"key": "base"}}
	text, err := json.Marshal(wire.ToRPC(sent))
	if err != nil {
		t.Fatal(err)
	}
	var got errcode.Error
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if got.Code != sent.Code || got.Message != sent.Message || !maps.Equal(got.Told, sent.Told) {
		t.Errorf("got %+v of %s", got, text)
	}
}
