package params_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/mfad/mfad/internal/params"
)

type secret struct {
	Name  string `json:"name"`
	Count int    `json:"count"`
}

func TestMethodTakesItsOwnParametersAlone(t *testing.T) {
	method := params.Bind(func(_ context.Context, caller string, p secret) (string, error) {
		return caller + " " + p.Name, nil
	})
	for raw, want := range map[string]string{
		`{"name":"hush"}`:            "",
		` `:                          "",
		``:                           "",
		`null`:                       "",
		`{"name":"hush","hush":1}`:   "the parameters are not what this method takes",
		`{"name":"hush"`:             "the parameters are not what this method takes",
		`{"count":"hush"}`:           `parameter "count" is not of type int`,
		`[]`:                         `parameter "" is not of type params_test.secret`,
		`{"name":"hush"} {}`:         "something follows the parameters",
		`{"name":"hush"} "hush`:      "something follows the parameters",
		`{"name":"hush","count":1e}`: "the parameters are not what this method takes",
	} {
		got, err := method(t.Context(), "you", json.RawMessage(raw))
		if want == "" {
			if text, ok := got.(string); err != nil || !ok || !strings.HasPrefix(text, "you ") {
				t.Errorf("%s: got %v, %v", raw, got, err)
			}
			continue
		}
		if unfit, ok := errors.AsType[*params.Error](err); !ok || unfit.Error() != want || got != nil {
			t.Errorf("%s: got %v, %v", raw, got, err)
		}
	}
}
