package credproc_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/credproc/config"
	"github.com/mfad/mfad/credproc/sourcetest"
)

// vending is a house whose profiles are read from a real file, and whose broker
// has a source that neither package config nor this one knows.
func vending(t *testing.T, profiles string, source credproc.Source) (*house, *config.Reader) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "profiles")
	if err := os.WriteFile(file, []byte(profiles), 0o600); err != nil {
		t.Fatal(err)
	}
	nothing := func(string) string { return "" }
	reader := config.NewReader(config.Paths{Mfad: file, Config: os.DevNull, Credentials: os.DevNull}, nothing, sourcetest.Rule)
	return newHouse(t, func(o *credproc.Options) {
		o.Sources = []credproc.Source{source}
		o.Resolve = func(_ context.Context, profile, region string) (*config.Chain, error) {
			return reader.Resolve(config.Query{Profile: profile, Region: region})
		}
	}), reader
}

func TestSourceOfAnUnknownKindIsMadeOnceForAllAndKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		machine := &sourcetest.Vending{Gate: make(chan struct{})}
		h, _ := vending(t, "[profile snacks]\nvending_machine = third-floor\n", machine)
		const callers = 100
		ids := make(chan string, callers)
		for range callers {
			go func() {
				got, err := h.Credentials(t.Context(), credproc.Request{Profile: "snacks"})
				if err != nil {
					t.Error(err)
				}
				ids <- got.AccessKeyID + " of " + got.AccountID
			}()
		}
		synctest.Wait() // all of them wait for the machine
		close(machine.Gate)
		for range callers {
			if id := <-ids; id != "ASIAVENDING00001 of "+account {
				t.Errorf("got %s", id)
			}
		}
		h.must(t, "snacks", nil)
		if machine.Sold() != 1 {
			t.Errorf("made %d times, want once", machine.Sold())
		}
		listed := h.Sessions()
		if len(listed) != 1 || listed[0].Kind != sourcetest.Kind || listed[0].Identity != "third-floor" {
			t.Errorf("listed: %+v", listed)
		}
		if h.Forget(func(credproc.SessionInfo) bool { return true }) != 1 {
			t.Error("it was not forgotten")
		}
	})
}

func TestSourceOfAnUnknownKindBeginsAChain(t *testing.T) {
	machine := new(sourcetest.Vending)
	h, reader := vending(t, `[profile snacks]
vending_machine = third-floor
[profile admin]
role_arn = arn:aws:iam::210987654321:role/admin
source_profile = snacks
`, machine)
	h.aws.live["ASIAVENDING00001"] = h.aws.now().AddDate(0, 0, 1)
	if got := h.must(t, "admin", nil); got.AccountID != "210987654321" {
		t.Errorf("account %q", got.AccountID)
	}
	h.must(t, "snacks", nil)
	if machine.Sold() != 1 || len(h.Sessions()) != 2 {
		t.Errorf("made %d times for two profiles, and %d sessions are listed", machine.Sold(), len(h.Sessions()))
	}
	chain, err := reader.Resolve(config.Query{Profile: "admin"})
	if err != nil {
		t.Fatal(err)
	}
	shown := chain.Steps[0].Details()
	if len(shown) != 1 || shown[0].Name != "vending machine" || shown[0].Text != "third-floor" || shown[0].Origin.Line != 2 {
		t.Errorf("described as %+v", shown)
	}
	infos, err := reader.Profiles()
	if err != nil || infos[0].Source != "third-floor" {
		t.Errorf("listed as %+v, %v", infos, err)
	}
}

func TestSettingOfAnUnknownKindIsCheckedLikeOurs(t *testing.T) {
	for name, test := range map[string]struct{ settings, want string }{
		"its own rule": {"vending_machine = ?", "is no name"},
		"two sources":  {"vending_machine = a\nsource_profile = b", "names a second source beside vending_machine"},
		"a device": {
			"vending_machine = a\nrole_arn = arn:aws:iam::210987654321:role/r\nmfa_serial = " + phone,
			"mfa_serial needs a long-term key, and this chain begins at vending-machine",
		},
	} {
		t.Run(name, func(t *testing.T) {
			h, _ := vending(t, "[profile snacks]\n"+test.settings+"\n", new(sourcetest.Vending))
			_, err := h.get(t, "snacks", nil)
			if !errors.Is(err, config.ErrBadConfig) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}
