package keystore

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"testing"
	"unsafe"
)

// TestSecretPageIsLockedAndLeftOut asks the kernel about the page: lo is
// locked, dd not dumped, wf wiped on fork (proc_pid_smaps(5)).
func TestSecretPageIsLockedAndLeftOut(t *testing.T) {
	s := newSecret([]byte("x"))
	flags := pageFlags(t, s)
	for _, want := range []string{"lo", "dd", "wf"} {
		if !strings.Contains(flags, " "+want) {
			t.Errorf("VmFlags:%s lack %s", flags, want)
		}
	}
	s.Destroy()
}

// pageFlags are the VmFlags of the mapping that holds a secret.
func pageFlags(t *testing.T, s *Secret) string {
	t.Helper()
	f, err := os.Open("/proc/self/smaps")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	at := uintptr(unsafe.Pointer(unsafe.SliceData(s.Bytes())))
	inside := false
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var from, to uintptr
		if n, _ := fmt.Sscanf(lines.Text(), "%x-%x ", &from, &to); n == 2 {
			inside = from <= at && at < to
		}
		if flags, ok := strings.CutPrefix(lines.Text(), "VmFlags:"); ok && inside {
			return flags
		}
	}
	t.Fatal("the page is not mapped")
	return ""
}
