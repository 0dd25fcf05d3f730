package ontoken

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mfad/mfad/token/totp"
)

func TestDeviceIsCalledAsAuthenticatorsCallItIfThatIsFree(t *testing.T) {
	long := strings.Repeat("x", MaxName)
	for name, row := range map[string]struct {
		key    totp.Key
		device string
		taken  []string
		want   []string // the first of them
	}{
		"issuer and account": {totp.Key{Issuer: "AWS", Account: "alice"}, "work", nil, []string{"AWS:alice", "mfad:work", "mfad:work~2"}},
		"taken":              {totp.Key{Issuer: "AWS", Account: "alice"}, "work", []string{"AWS:alice", "mfad:work"}, []string{"mfad:work~2"}},
		"no issuer":          {totp.Key{Account: "alice"}, "work", nil, []string{"mfad:work"}},
		"another period":     {totp.Key{Issuer: "AWS", Account: "alice", Period: time.Minute}, "work", nil, []string{"60/AWS:alice", "60/mfad:work"}},
		"too long":           {totp.Key{Issuer: long, Account: "alice"}, "work", nil, []string{"mfad:work"}},
	} {
		if row.key.Period == 0 {
			row.key.Period = usualPeriod
		}
		got := DeviceNames(row.device, &row.key, func(name string) bool { return slices.Contains(row.taken, name) })
		if len(got) != mostNames || !slices.Equal(got[:len(row.want)], row.want) {
			t.Errorf("%s: got %q", name, got)
		}
	}
}

func TestLongNamesAreCutAndStayApart(t *testing.T) {
	device := strings.Repeat("d", 60)
	names := DeviceNames(device, &totp.Key{Period: usualPeriod}, func(string) bool { return false })
	others := DeviceNames(device+"2", &totp.Key{Period: usualPeriod}, func(string) bool { return false })
	for _, name := range append(names, others...) {
		if len(name) > MaxName {
			t.Errorf("%q has %d bytes", name, len(name))
		}
	}
	if all := slices.Sorted(slices.Values(append(names, others...))); len(slices.Compact(all)) != 2*mostNames {
		t.Errorf("of %q and %q some are one", names, others)
	}
}
