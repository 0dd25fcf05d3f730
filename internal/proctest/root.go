package proctest

import (
	"os"
	"testing"
)

// Root ends a test that plays another user, or changes what is mounted, unless it
// runs as root: nobody else may do either. It fails, because a test that was passed
// over shows nothing.
func Root(t testing.TB) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Fatal("this takes root: run the tests as root, such as in a container")
	}
}
