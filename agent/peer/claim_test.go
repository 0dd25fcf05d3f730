//go:build linux || darwin

package peer_test

import (
	"net"
	"path/filepath"
	"testing"

	"github.com/mfad/mfad/agent/peer"
)

func TestClaimIsShownInAWordAndInALine(t *testing.T) {
	for _, row := range []struct {
		claim       peer.Claim
		short, line string
	}{
		{peer.Claim{PID: 7}, "", `"" (pid 7)`},
		{peer.Claim{PID: 7, Command: []string{"aws", "s3"}, ParentPID: 6, Parents: []string{"zsh"}}, "aws[7]", `"aws s3" (pid 7) of zsh`},
		{peer.Claim{PID: 7, Command: []string{"mfad"}, ParentPID: 6, Parents: []string{"make"}}, "make[6]", `"mfad" (pid 7) of make`},
		{
			peer.Claim{PID: 7, Command: []string{"mfad-cli", "x"}, ParentPID: 6, Parents: []string{"zsh", "tmux"}},
			"zsh[6]", `"mfad-cli x" (pid 7) of zsh < tmux`,
		},
		{peer.Claim{PID: 7, Command: []string{"mfad"}}, "mfad[7]", `"mfad" (pid 7)`},
	} {
		if row.claim.Short() != row.short || row.claim.String() != row.line {
			t.Errorf("%+v is %s, and in full %s", row.claim, row.claim.Short(), row.claim)
		}
	}
}

// Who cannot be asked for is nobody, and never us.
func TestConnectionThatIsClosedHasNoPeer(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	ln, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	conn, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	if p, err := peer.Of(conn); err == nil {
		t.Errorf("it is of %+v", p)
	}
}
