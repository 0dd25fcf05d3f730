package credproc_test

import (
	"errors"
	"testing"
	"time"

	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/credproc/config"
)

// Whose time is asked, before any profile was used: AWS's, in the device's partition.
func TestTimeIsAskedWhereTheDeviceIs(t *testing.T) {
	nowhere := errors.New("no region is known")
	for name, test := range map[string]struct {
		at  func(partition string) (config.Endpoint, error)
		err error
	}{
		"somewhere": {func(partition string) (config.Endpoint, error) {
			if partition != "aws" {
				t.Errorf("asked in partition %q", partition)
			}
			return ireland, nil
		}, nil},
		"in no partition": {func(string) (config.Endpoint, error) { return ireland, nowhere }, nowhere},
		"nowhere":         {nil, credproc.ErrUnavailable},
	} {
		h := newHouse(t, func(o *credproc.Options) { o.TimeAt = test.at })
		h.aws.skew = time.Minute
		if err := h.AskTime(t.Context(), phone); !errors.Is(err, test.err) {
			t.Errorf("%s: %v", name, err)
		}
		want := 0
		if test.err == nil {
			want = 1
		}
		h.count(t, "Time", want)
		if len(h.vault.skewed) != want {
			t.Errorf("%s: the codes heard %v", name, h.vault.skewed)
		}
	}
}

func TestTimeIsAskedAgainWhereItWasHeard(t *testing.T) {
	h := newHouse(t) // without TimeAt
	h.session("base", "K", phone)
	h.must(t, "base", nil)
	if err := h.AskTime(t.Context(), phone); err != nil {
		t.Error(err)
	}
	h.count(t, "Time", 1)
}
