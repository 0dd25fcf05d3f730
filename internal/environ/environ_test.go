package environ_test

import (
	"slices"
	"testing"

	"github.com/mfad/mfad/internal/environ"
)

func TestOnlyWhatIsListedPasses(t *testing.T) {
	p := environ.Passing{Names: []string{"HOME", "PATH"}, Prefixes: []string{"LC_"}}
	got := p.Scrub([]string{
		"HOME=/root", "LD_PRELOAD=evil.so", "LC_ALL=C", "XLC_=1", "PATH=/bin:a=b", "PATHS=x", "HOME", "=odd", "",
	})
	if want := []string{"HOME=/root", "LC_ALL=C", "PATH=/bin:a=b", "HOME"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := p.Scrub(nil); got == nil || len(got) > 0 {
		t.Errorf("of nothing comes %#v", got)
	}
}
