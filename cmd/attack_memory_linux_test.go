package cmd_test

import (
	"bufio"
	"bytes"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"
)

// secret is what must not be found, and what it is called.
type secret struct {
	name string
	raw  []byte
}

// spellings are a secret as programs write it: as it is, in hex, in base32, and
// in base64 wherever it begins in a longer text.
func (s secret) spellings() map[string][]byte {
	found := map[string][]byte{
		"raw": s.raw,
		"hex": []byte(hex.EncodeToString(s.raw)),
		"HEX": bytes.ToUpper([]byte(hex.EncodeToString(s.raw))),
	}
	found["base32"] = []byte(strings.TrimRight(base32.StdEncoding.EncodeToString(s.raw), "="))
	for skip := range 3 {
		text := base64.RawStdEncoding.EncodeToString(append(make([]byte, skip), s.raw...))
		// The characters at both ends have bits of the neighbours.
		from, to := []int{0, 2, 3}[skip], len(text)
		if (skip+len(s.raw))%3 != 0 {
			to--
		}
		found[fmt.Sprintf("base64+%d", skip)] = []byte(text[from:to])
	}
	return found
}

// memoryOf is what a process has written into its memory. Only root reads that
// of an agent.
func memoryOf(t *testing.T, pid int) []byte {
	t.Helper()
	maps, err := os.Open(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		t.Fatalf("%v: run this test as root", err)
	}
	defer maps.Close()
	memory, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	if err != nil {
		t.Fatalf("%v: run this test as root", err)
	}
	defer memory.Close()
	var all []byte
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		var from, to int64
		var rights string
		if n, _ := fmt.Sscanf(lines.Text(), "%x-%x %s", &from, &to, &rights); n != 3 || !strings.HasPrefix(rights, "rw") {
			continue
		}
		all = append(all, "\x00|\x00"...) // nothing goes over from one to the next
		at := len(all)
		all = slices.Grow(all, int(to-from))[:at+int(to-from)]
		n, _ := memory.ReadAt(all[at:], from)
		all = all[:at+n]
	}
	return all
}

// holdsNone finds none of the secrets in the memory of the home's agent.
func (h *home) holdsNone(t *testing.T, when string, secrets ...secret) {
	t.Helper()
	memory := memoryOf(t, h.agentPID())
	if len(memory) < 1<<20 {
		t.Fatalf("%s: the memory of the agent was not read", when)
	}
	for _, s := range secrets {
		for spelling, text := range s.spellings() {
			if n := bytes.Count(memory, text); n > 0 {
				t.Errorf("%s: the %s, %s: %d", when, s.name, spelling, n)
			}
		}
	}
}

// TestAttackMemoryHoldsNothingAfterwards reads the whole memory of the agent, as
// root can, after what brings secrets in and after a lock.
func TestAttackMemoryHoldsNothingAfterwards(t *testing.T) {
	h := newHome(t)
	h.initVault()
	recovery := recoveryKey(t, h.path("recovery.txt"))
	words := secret{"passphrase", []byte(passphrase)}
	h.holdsNone(t, "after init", words, recovery)

	h.importKey("base", h.key)
	key := secret{"secret access key", []byte(h.key.Secret)}
	h.holdsNone(t, "after key import", words, recovery, key)

	h.addDevice("phone", h.phone)
	seed := secret{"seed", must(base32.StdEncoding.DecodeString(h.phone.Seed()))(t)}
	uri := secret{"URI", []byte("?secret=" + h.phone.Seed())}
	h.holdsNone(t, "after device add", words, recovery, key, seed, uri)

	h.addProfiles()
	h.do("", "code", "phone")
	var sessions []secret
	for _, profile := range []string{"session", "prod", "deploy"} {
		sessions = append(sessions, h.session(profile)...)
	}
	h.do("", "lock")
	all := append([]secret{words, recovery, key, seed, uri, h.identity(t)}, sessions...)
	h.holdsNone(t, "after lock", all...)

	h.do(passphrase+"\n", "unlock", "--passphrase-stdin")
	h.do("", "code", "phone")
	h.do("", "lock")
	h.holdsNone(t, "after a second lock", all...)
}

// recoveryKey is that of a file, without the words that all of them begin with.
func recoveryKey(t *testing.T, path string) secret {
	t.Helper()
	for line := range strings.Lines(string(must(os.ReadFile(path))(t))) {
		if key, found := strings.CutPrefix(strings.TrimSpace(line), "AGE-SECRET-KEY-1"); found {
			return secret{"recovery key", []byte(key)}
		}
	}
	t.Fatalf("%s has no key", path)
	return secret{}
}

// session are the secrets that a profile gets.
func (h *home) session(profile string) []secret {
	h.Helper()
	var doc struct{ SecretAccessKey, SessionToken string }
	if err := json.Unmarshal([]byte(h.do("", "credentials", "--profile", profile)), &doc); err != nil {
		h.Fatal(err)
	}
	return []secret{{"secret of " + profile, []byte(doc.SecretAccessKey)}, {"token of " + profile, []byte(doc.SessionToken)}}
}

// identity is the vault's key, as the recovery key opens it.
func (h *home) identity(t *testing.T) secret {
	t.Helper()
	slots := must(filepath.Glob(h.path(".local/share/mfad/vaults/default/slots/*")))(t)
	own := must(age.ParseIdentities(bytes.NewReader(must(os.ReadFile(h.path("recovery.txt")))(t))))(t)
	for _, slot := range slots {
		plain, err := age.Decrypt(bytes.NewReader(must(os.ReadFile(slot))(t)), own...)
		if err != nil {
			continue
		}
		text := strings.TrimSpace(string(must(io.ReadAll(plain))(t)))
		return secret{"vault's key", []byte(strings.TrimPrefix(text, "AGE-SECRET-KEY-1"))}
	}
	t.Fatal("no slot opened")
	return secret{}
}
