package cmd_test

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/mfad/mfad/internal/proctest"
)

const (
	vaultFolder = ".local/share/mfad/vaults/default"
	stateFolder = ".local/state/mfad"
)

// refuses is mfad for a call that must be refused, with words in its error or hint.
func (h *home) refuses(stdin string, says []string, args ...string) {
	h.Helper()
	r := h.mfad(stdin, args...)
	if r.code == 0 {
		h.Errorf("mfad %q was not refused: %v", args, r)
	}
	for _, words := range says {
		if !strings.Contains(r.stderr, words) {
			h.Errorf("mfad %q does not say %q: %v", args, words, r)
		}
	}
}

// devices are the names of the devices that the vault has.
func (h *home) devices() (names []string) {
	h.Helper()
	for line := range strings.Lines(h.do("", "device", "list")) {
		names = append(names, strings.Fields(line)[0])
	}
	return names
}

// files are the contents below a folder, by name.
func (h *home) files(folder string) map[string]string {
	h.Helper()
	found := map[string]string{}
	if err := filepath.Walk(h.path(folder), func(name string, info os.FileInfo, err error) error {
		if err != nil || !info.Mode().IsRegular() {
			return err
		}
		text, err := os.ReadFile(name)
		found[name] = string(text)
		return err
	}); err != nil {
		h.Fatal(err)
	}
	return found
}

// restore puts a copy of the vault's folder back, under whatever runs.
func (h *home) restore(backup string) {
	h.Helper()
	if err := errors.Join(os.RemoveAll(h.path(vaultFolder)), os.CopyFS(h.path(vaultFolder), os.DirFS(backup))); err != nil {
		h.Fatal(err)
	}
}

func (h *home) backup() (to string) {
	h.Helper()
	to = filepath.Join(h.TempDir(), "backup")
	if err := os.CopyFS(to, os.DirFS(h.path(vaultFolder))); err != nil {
		h.Fatal(err)
	}
	return to
}

// A backup that somebody copies back while the agent runs is refused, loses nothing,
// and serves again once its owner accepts it.
func TestAttackRestoredBackup(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.initVault()
	h.addDevice("phone", h.phone)
	backup := h.backup()
	h.addDevice("later", must(h.alice.AddDevice("later"))(t))
	h.restore(backup)
	before := h.files(vaultFolder)

	another := must(h.alice.AddDevice("another"))(t)
	h.refuses(another.URI()+"\n", []string{"generation", "mfad unlock"}, "device", "add", "another", "--serial", another.Serial)
	h.refuses("", []string{"generation", "mfad unlock"}, "device", "remove", "phone")
	h.refuses(passphrase+"\n", []string{"rolled back", "mfad vault accept-restore"}, "unlock", "--passphrase-stdin")
	h.refuses("", []string{"rolled back", "mfad vault accept-restore"}, "code", "phone")
	h.refuses("wrong\n", []string{"does not open the vault"}, "vault", "accept-restore", "--passphrase-stdin")
	h.refuses("", []string{"no such slot"}, "vault", "accept-restore", "--slot", "nowhere")
	h.refuses("", nil, "vault", "accept-restore")
	after := h.files(vaultFolder)
	for name, text := range before {
		if after[name] != text {
			t.Errorf("%s was changed or removed", name)
		}
	}

	h.do(passphrase+"\n", "vault", "accept-restore", "--slot", "passphrase", "--passphrase-stdin")
	h.do("", "code", "phone")
	h.addDevice("another", another)
	h.do("", "agent", "restart")
	h.do(passphrase+"\n", "unlock", "--passphrase-stdin")
	if got := h.devices(); !slices.Contains(got, "phone") || !slices.Contains(got, "another") || slices.Contains(got, "later") {
		t.Errorf("the vault has %q", got)
	}
	if verified := h.do("", "vault", "verify"); !strings.Contains(verified, "no fault") {
		t.Errorf("verified: %s", verified)
	}
}

// Somebody removes the lock, and a second agent of the same user opens the vault:
// whatever either has acknowledged is there in the end.
func TestAttackDeletedLockAndTwoAgents(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.initVault()
	if err := os.Remove(h.path(vaultFolder + "/lock")); err != nil {
		t.Fatal(err)
	}
	second := *h
	second.env = append(slices.Clone(h.env), "MFAD_SOCKET="+h.path("second/agent.sock"))
	t.Cleanup(func() { second.mfad("", "agent", "stop") })

	var acknowledged []string
	for i, at := range []*home{h, &second, h, &second, h} {
		name := fmt.Sprint("device-", i)
		at.mfad(passphrase+"\n", "unlock", "--passphrase-stdin")
		device := must(h.alice.AddDevice(name))(t)
		r := at.mfad(device.URI()+"\n", "device", "add", name, "--serial", device.Serial)
		if r.code == 0 {
			acknowledged = append(acknowledged, name)
		} else if !strings.Contains(r.stderr, "hint: ") {
			t.Errorf("%s: refused without a hint: %v", name, r)
		}
	}
	if len(acknowledged) == 0 {
		t.Error("neither agent stored anything")
	}
	second.do("", "agent", "stop")
	h.do("", "agent", "restart")
	h.do(passphrase+"\n", "unlock", "--passphrase-stdin")
	found := h.devices()
	for _, name := range acknowledged {
		if !slices.Contains(found, name) {
			t.Errorf("%s was acknowledged and is lost: %q", name, found)
		}
		h.do("", "code", name)
	}
}

// callRaw makes a call as any program of the user can, and returns the answer's line.
func (h *home) callRaw(method, params string) string {
	h.Helper()
	conn, err := net.Dial("unix", h.path(stateFolder+"/run/agent.sock"))
	if err != nil {
		h.Fatal(err)
	}
	defer conn.Close()
	if _, err := fmt.Fprintf(conn, `{"jsonrpc":"2.0","id":1,"method":%q,"params":{"v":2,"client":"x","params":%s}}`+"\n", method, params); err != nil {
		h.Fatal(err)
	}
	answer, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		h.Fatal(err)
	}
	return answer
}

// A flood of refused calls with names of 60,000 bytes, some of which would turn the
// text on a terminal, pushes nothing out of the audit log and does not fill status.
func TestAttackFloodOfRefusals(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.initVault()
	h.addDevice("phone", h.phone)
	h.do("", "code", "phone")
	granted := h.audit()
	for i := range 140 {
		name := fmt.Sprint("\u202e", i, strings.Repeat("x", 60_000))
		if answer := h.callRaw("code", fmt.Sprintf(`{"name":%q}`, name)); !strings.Contains(answer, `"error"`) {
			t.Fatalf("not refused: %.200s", answer)
		}
	}
	if now := h.audit(); now != granted {
		t.Errorf("audit.log had %d bytes and has %d", len(granted), len(now))
	}
	refused := string(must(os.ReadFile(h.path(stateFolder + "/audit-refused.log")))(t))
	if n := strings.Count(refused, `"msg":"code","verdict":"refused"`); n != 140 || len(refused) > 140*4<<10 {
		t.Errorf("%d lines, %d bytes", n, len(refused))
	}
	for _, args := range [][]string{{"status"}, {"status", "--json"}} {
		if out := h.do("", args...); len(out) > 64<<10 || strings.Contains(out, "\u202e") {
			t.Errorf("mfad %q prints %d bytes", args, len(out))
		}
	}
	if strings.Contains(refused, "\u202e") {
		t.Error("the audit log would turn the text of a terminal")
	}
}

// An audit log that is removed, replaced, cut or moved away while the agent runs goes
// on where it belongs, and says so; one that cannot be written stops what lasts.
func TestAttackAuditLog(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.initVault()
	h.addDevice("phone", h.phone)
	log := h.path(stateFolder + "/audit.log")
	h.do("", "lock")
	for what, meddle := range map[string]func() error{
		"removed":  func() error { return os.Remove(log) },
		"replaced": func() error { return errors.Join(os.Remove(log), os.WriteFile(log, nil, 0o600)) },
		"cut":      func() error { return os.Truncate(log, 0) },
	} {
		if err := meddle(); err != nil {
			t.Fatal(err)
		}
		h.do("", "lock")
		if text := h.audit(); !strings.Contains(text, "was "+what) || !strings.Contains(text, `"msg":"vault.lock"`) {
			t.Errorf("%s: the audit log is %q", what, text)
		}
	}
	if status := h.do("", "status"); !strings.Contains(status, "audit.log was removed by another program") {
		t.Errorf("status says nothing of it: %s", status)
	}

	lasting := h.path(stateFolder + "/audit-lasting.log")
	for what, spoil := range map[string]func(path string) error{
		"folder": func(path string) error { return os.Mkdir(path, 0o700) },
		"link":   func(path string) error { return os.Symlink("/dev/null", path) },
		"pipe":   func(path string) error { return syscall.Mkfifo(path, 0o600) },
	} {
		if err := errors.Join(os.Remove(log), spoil(log), os.Remove(lasting), spoil(lasting)); err != nil {
			t.Fatal(err)
		}
		before := h.files(vaultFolder)
		h.refuses(passphrase+"\n", []string{"audit log cannot be written", lasting, "hint: "},
			"vault", "slot", "add", "recovery", "--passphrase-stdin", "--recovery-file", h.path("second.txt"))
		h.refuses(passphrase+"\n", []string{"audit log cannot be written"}, "vault", "hold", "until-locked", "--passphrase-stdin")
		if after := h.files(vaultFolder); len(after) != len(before) {
			t.Errorf("%s: the vault has %d files, and had %d", what, len(after), len(before))
		}
		if r := h.mfad("", "lock"); r.code != 0 || !strings.Contains(r.stderr, "warning: the audit log cannot be written") {
			t.Errorf("%s: what does not last is not done, or without a warning: %v", what, r)
		}
		if status := h.do("", "status"); !strings.Contains(status, log) || !strings.Contains(status, lasting) {
			t.Errorf("%s: status says nothing of it: %s", what, status)
		}
	}
}

// Without a good mark nobody can tell whether the vault was rolled back.
func TestAttackGarbledMark(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.initVault()
	mark := h.path(stateFolder + "/vault-default.json")
	good := must(os.ReadFile(mark))(t)
	for name, spoil := range map[string]func() error{
		"empty":      func() error { return os.WriteFile(mark, nil, 0o600) },
		"garbage":    func() error { return os.WriteFile(mark, []byte("x"), 0o600) },
		"unreadable": func() error { return os.Chmod(mark, 0) },
	} {
		h.do("", "agent", "stop")
		if err := errors.Join(os.WriteFile(mark, good, 0o600), os.Chmod(mark, 0o600), spoil()); err != nil {
			t.Fatal(err)
		}
		h.refuses(passphrase+"\n", []string{mark, "mfad vault accept-restore"}, "unlock", "--passphrase-stdin")
		if status := h.do("", "status"); !strings.Contains(status, mark) {
			t.Errorf("%s: status says nothing of it: %s", name, status)
		}
	}
	h.do(passphrase+"\n", "vault", "accept-restore", "--passphrase-stdin")
	h.do("", "agent", "restart")
	h.do(passphrase+"\n", "unlock", "--passphrase-stdin")
}

// What another user owns is refused, and what others can write is told of.
func TestAttackFolderOfAnotherUser(t *testing.T) {
	t.Parallel()
	proctest.Root(t)
	h := newHome(t)
	h.initVault()
	h.do("", "agent", "stop")
	const somebody = 64999
	if err := os.Chown(h.path(vaultFolder), somebody, -1); err != nil {
		t.Fatal(err)
	}
	h.refuses(passphrase+"\n", []string{"uid 64999", "chown"}, "unlock", "--passphrase-stdin")
	if err := errors.Join(os.Chown(h.path(vaultFolder), 0, -1), os.Chmod(h.dir, 0o777)); err != nil {
		t.Fatal(err)
	}
	aws := h.write(".aws/config", "")
	if err := os.Chmod(aws, 0o666); err != nil {
		t.Fatal(err)
	}
	h.do(passphrase+"\n", "unlock", "--passphrase-stdin")
	status := h.do("", "status")
	for _, path := range []string{aws, h.dir} {
		if !strings.Contains(status, path+" can be written by others") {
			t.Errorf("status does not tell of %s: %s", path, status)
		}
	}
}

// readOnly has a folder of the home be read-only until the test ends.
func (h *home) readOnly(folder string) {
	h.Helper()
	proctest.ReadOnly(h, h.path(folder), h.path(folder))
}

// On a disk that can only be read, what reads works, and what writes says what it is.
func TestReadOnlyDataFolderServesWhatReads(t *testing.T) {
	t.Parallel()
	h := newHome(t).furnish()
	h.do("", "agent", "stop")
	h.readOnly(".local/share/mfad")
	h.do(passphrase+"\n", "unlock", "--passphrase-stdin")
	h.do("", "code", "phone")
	h.do("", "credentials", "--profile", "prod")
	h.do("", "vault", "verify")
	another := must(h.alice.AddDevice("another"))(t)
	h.refuses(another.URI()+"\n", []string{"read-only", "remount"}, "device", "add", "another", "--serial", another.Serial)
	h.refuses("", []string{"read-only", "remount"}, "device", "remove", "phone")
	h.do("", "agent", "stop") // it holds the folder
}

// Without a place to write, the agent starts, shows, and refuses what has to be
// written down.
func TestReadOnlyStateFolderRefusesCodes(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.env = append(h.env, "XDG_RUNTIME_DIR="+h.path("run"))
	if err := os.Mkdir(h.path("run"), 0o700); err != nil {
		t.Fatal(err)
	}
	h.initVault()
	h.addDevice("phone", h.phone)
	h.do("", "agent", "stop")
	h.readOnly(stateFolder)
	if r := h.mfad(passphrase+"\n", "unlock", "--passphrase-stdin"); r.code != 0 || !strings.Contains(r.stderr, "warning: ") {
		t.Errorf("unlock: %v", r)
	}
	h.do("", "device", "list")
	if status := h.do("", "status"); !strings.Contains(status, "no code is given") {
		t.Errorf("status says nothing of it: %s", status)
	}
	h.refuses("", []string{"read-only", "remount"}, "code", "phone")
	h.do("", "agent", "stop")
}

// An edit that needs two files writes neither when it cannot write both.
func TestProfileAddWritesBothFilesOrNone(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	aws := h.write(".aws/config", "[default]\nregion = eu-central-1\n")
	h.readOnly(".aws")
	h.refuses("", []string{"read-only", "remount"}, "profile", "add", "p", "--role-arn", "arn:aws:iam::123456789012:role/p", "--source", "base")
	if _, err := os.Stat(h.path(".config/mfad/profiles")); err == nil {
		t.Error("mfad's file was written")
	}
	if text := must(os.ReadFile(aws))(t); strings.Contains(string(text), "profile p") {
		t.Errorf("AWS's file is %q", text)
	}
}
