package cmd_test

import (
	"bytes"
	"encoding/base32"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mfad/mfad/credproc/awstest/foreign"
)

// The whole point: seed and secret are on the token, one touch signs for all
// profiles, and neither is anywhere on the host.
func TestSeedAndSecretLiveOnTheTokenAlone(t *testing.T) {
	t.Parallel()
	aws := foreign.AWS(t)
	d := newDesk(t, 12345678).start()
	d.initVault()
	d.importKey("base", d.key)
	d.do(passphrase+"\n", "key", "move", "base", "--on-token", "--touch", "--passphrase-stdin")
	d.do(d.phone.URI()+"\n", "device", "add", "phone", "--serial", d.phone.Serial, "--on-token")
	d.addProfiles()

	d.do("", "agent", "restart")
	d.unlock()
	touches := d.keys[0].Touches()
	for _, profile := range []string{"prod", "deploy", "session"} {
		r := run(t, d.env, "", aws, "--profile", profile, "--endpoint-url", d.url, "sts", "get-caller-identity", "--query", "Arn", "--output", "text")
		if r.code != 0 {
			t.Fatalf("profile %s: %v", profile, r)
		}
	}
	if got := d.keys[0].Touches() - touches; got != 1 {
		t.Errorf("%d touches for three profiles, want 1", got)
	}
	if codes := sentCodes(d.aws); len(codes) != 1 {
		t.Errorf("%d codes for three profiles, want 1", len(codes))
	}
	d.holdsNeither(d.agentPID())
	for _, kind := range []string{"totp-*", "access-key-*"} {
		if files := must(filepath.Glob(d.path(".local/share/mfad/vaults/default/items/" + kind)))(t); len(files) > 0 {
			t.Errorf("the vault keeps %q", files)
		}
	}
}

// A move is one act: what was in the vault works as before, and the agent that
// did it keeps neither.
func TestMovedSecretsWorkAsBefore(t *testing.T) {
	t.Parallel()
	d := newDesk(t, 12345678).start()
	d.furnish()
	d.do("", "credentials", "--profile", "prod")
	d.do(passphrase+"\n", "device", "move", "phone", "--on-token", "--passphrase-stdin")
	d.do(passphrase+"\n", "key", "move", "base", "--on-token", "--passphrase-stdin")
	d.do("", "session", "forget", "--all")
	d.do("", "credentials", "--profile", "deploy")
	if codes := sentCodes(d.aws); len(codes) != 2 {
		t.Errorf("%d codes, want 2: one before the move and one after it", len(codes))
	}
	for _, listing := range [][]string{{"device", "list"}, {"key", "list"}, {"token", "list"}} {
		if out := d.do("", listing...); !strings.Contains(out, "12345678") {
			t.Errorf("mfad %q does not tell the token:\n%s", listing, out)
		}
	}
}

// holdsNeither looks for the seed and the secret, in every form that they ever
// had, in all of a process's memory.
func (h *home) holdsNeither(pid int) {
	h.Helper()
	base := h.phone.Seed()
	seed := must(base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.TrimRight(base, "=")))(h.TB)
	memory := readMemory(h.TB, pid)
	if !bytes.Contains(memory, []byte(h.key.ID)) {
		h.Error("the access key id is not in the agent's memory: was it searched at all?")
	}
	for name, text := range map[string][]byte{"seed": seed, "base32 of the seed": []byte(base), "secret access key": []byte(h.key.Secret)} {
		if bytes.Contains(memory, text) {
			h.Errorf("the %s is in the agent's memory", name)
		}
	}
}

// readMemory is all that a process could read of itself.
func readMemory(tb testing.TB, pid int) []byte {
	tb.Helper()
	maps := must(os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid)))(tb)
	mem, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	if err != nil {
		tb.Fatalf("%v: run the tests as root, or in a user namespace (unshare -r)", err)
	}
	defer mem.Close()
	var all bytes.Buffer
	for line := range strings.Lines(string(maps)) {
		var from, to int64
		var mode string
		if _, err := fmt.Sscanf(line, "%x-%x %s", &from, &to, &mode); err != nil || !strings.HasPrefix(mode, "rw") {
			continue
		}
		part := make([]byte, to-from)
		n, _ := mem.ReadAt(part, from) // what has no page reads as an error
		all.Write(part[:n])
	}
	return all.Bytes()
}
