package cmd_test

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

// A desktop as a person has one: a session bus and an unlocked login keyring.
// The vault opens by itself, in a new agent too.
func TestVaultOpensByTheDesktopsKeychain(t *testing.T) {
	t.Parallel()
	for program, pkg := range map[string]string{"dbus-run-session": "dbus-daemon", "gnome-keyring-daemon": "gnome-keyring"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Fatalf("%s is missing: run `sh .ci/deps test`, or install the package %s", program, pkg)
		}
	}
	h := newHome(t)
	uri := h.write("device.uri", h.phone.URI())
	const script = `
printf 'login password' | gnome-keyring-daemon --unlock --components=secrets >/dev/null
mfad init --recovery-file recovery.txt
mfad device add phone --serial "$1" <"$2"
mfad agent stop
mfad code phone
mfad lock
mfad unlock
mfad vault show
mfad agent stop
`
	env := append(h.env, "PATH="+filepath.Dir(program(t, "mfad"))+":/usr/bin:/bin")
	r := run(t, env, "", "dbus-run-session", "--", "sh", "-euc", "cd \"$HOME\"\n"+script, "sh", h.phone.Serial, uri)
	if r.code != 0 {
		t.Fatal(r)
	}
	for _, want := range []string{`(?m)^[0-9]{6}$`, `(?m)^keychain-\w+ +keychain `, `(?m)^recovery-\w+ +recovery `, `(?m)^state: +unlocked`} {
		if !regexp.MustCompile(want).MatchString(r.stdout) {
			t.Errorf("no match of %s: %v", want, r)
		}
	}
}
