package agent

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mfad/mfad/agent/audit"
	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/internal/errcode"
)

// What gives power for longer than an unlock is not done when nobody could tell of it
// afterwards; what serves the moment is, and says so.
func TestNothingLastingIsGivenWithoutAnAuditLine(t *testing.T) {
	for _, spoiled := range []func(log string) (lasting, moment string){
		func(log string) (string, string) { return audit.LastingPath(log), log },
		func(log string) (string, string) { return audit.RefusedPath(log), audit.RefusedPath(log) },
	} {
		b := openBench(t)
		b.withTokens(t, "1")
		b.must(t, nobody, wire.MethodDeviceAdd, wire.DeviceAddParams{Name: "phone", Seed: []byte(seed)}, nil)
		var before wire.Vault
		b.must(t, nobody, wire.MethodVaultShow, nil, &before)
		path, moment := spoiled(b.home.audit())
		for _, one := range []string{path, moment} {
			if err := errors.Join(os.RemoveAll(one), os.Mkdir(one, 0o700)); err != nil {
				t.Fatal(err)
			}
		}

		lasting := map[string]any{
			wire.MethodVaultHold: wire.VaultHoldParams{Seconds: 1}, wire.MethodSlotAdd: wire.SlotAddParams{Kind: "recovery"},
			wire.MethodSlotRemove:   wire.SlotRemoveParams{ID: before.Slots[0].ID},
			wire.MethodKeyImport:    wire.KeyImportParams{Name: "base", AccessKeyID: keyID, Secret: []byte(secretKey)},
			wire.MethodKeyTrust:     wire.KeyTrustParams{Name: "base", Endpoint: "https://sts.example.com"},
			wire.MethodKeyMove:      wire.MoveParams{Name: "base", Tokens: []string{"1"}},
			wire.MethodDeviceAdd:    wire.DeviceAddParams{Name: "fob", Seed: []byte(seed)},
			wire.MethodDeviceMove:   wire.MoveParams{Name: "phone", Tokens: []string{"1"}},
			wire.MethodTokenProtect: protect("1", wire.ProtectSet), wire.MethodVaultCreate: nil, wire.MethodVaultAccept: nil,
			wire.MethodKeyRename:    wire.RenameParams{Name: "base", To: "work"},
			wire.MethodDeviceRename: wire.RenameParams{Name: "phone", To: "mobile"},
			wire.MethodDeviceSet:    wire.DeviceSetParams{Name: "phone", Serial: serial},
		}
		for name, m := range b.methods {
			if _, tried := lasting[name]; m.lasts != tried {
				t.Errorf("%s: lasts: %v, tried: %v", name, m.lasts, tried)
			}
		}
		for method, params := range lasting {
			text := b.refused(t, knows(passphrase), errcode.AuditUnwritten, method, params)
			if !strings.Contains(text, path) {
				t.Errorf("%s: %q does not name the file", method, text)
			}
		}
		b.desk.sit(true)
		err := b.trust.Route(t.Context(), keyID, credproc.Route{URL: "https://sts.example.com"}, b.asker(knows(passphrase)))
		if !errors.Is(err, errcode.AuditUnwritten) || len(b.desk.asked) > 0 {
			t.Errorf("the trust that a request asks for: %v, and the person was asked %q", err, b.desk.asked)
		}
		var after wire.Vault
		b.must(t, nobody, wire.MethodVaultShow, nil, &after)
		if after.Generation != before.Generation {
			t.Errorf("generation %d, and before %d", after.Generation, before.Generation)
		}

		asker := &person{}
		_ = b.call(t, asker, wire.MethodCode, wire.NameParams{Name: "phone"}, nil)
		_ = b.call(t, asker, wire.MethodCode, wire.NameParams{Name: "none"}, nil)
		if len(asker.warned) != 1 || !strings.Contains(asker.warned[0], moment) {
			t.Errorf("with %s spoiled, who asks for a code is warned by %q", filepath.Base(moment), asker.warned)
		}
		var status wire.Status
		b.must(t, nobody, wire.MethodStatus, nil, &status)
		if told := strings.Join(status.Warnings, "\n"); !strings.Contains(told, path) {
			t.Errorf("status warns of %q", told)
		}
	}
}

// snapshot copies a vault's folder, and put copies it back under a running agent.
func snapshot(t *testing.T, b *bench) (put func()) {
	t.Helper()
	backup := filepath.Join(t.TempDir(), "backup")
	if err := os.CopyFS(backup, os.DirFS(b.home.Vault)); err != nil {
		t.Fatal(err)
	}
	return func() {
		t.Helper()
		if err := errors.Join(os.RemoveAll(b.home.Vault), os.CopyFS(b.home.Vault, os.DirFS(backup))); err != nil {
			t.Fatal(err)
		}
	}
}

// A backup that is copied back under a running agent is noticed and refused, until
// the person who did it says so, with a way in.
func TestRestoredBackupIsRefusedUntilItIsAccepted(t *testing.T) {
	b := newBench(t)
	b.withVault(t)
	add := func(name string) wire.DeviceAddParams { return wire.DeviceAddParams{Name: name, Seed: []byte(seed)} }
	b.must(t, knows(passphrase), wire.MethodDeviceAdd, add("old"), nil)
	put := snapshot(t, b)
	b.must(t, nobody, wire.MethodDeviceAdd, add("new"), nil)
	put()

	b.refused(t, nobody, errcode.VaultConflict, wire.MethodDeviceAdd, add("lost"))
	var status wire.Status
	b.must(t, nobody, wire.MethodStatus, nil, &status)
	if told := strings.Join(status.Warnings, "\n"); !strings.Contains(told, "generation") {
		t.Errorf("status warns of %q", told)
	}
	b.refused(t, knows(passphrase), errcode.VaultRolledBack, wire.MethodVaultUnlock, nil)
	b.refused(t, knows("wrong"), errcode.WrongPassphrase, wire.MethodVaultAccept, nil)
	b.refused(t, nobody, errcode.NoPrompt, wire.MethodVaultAccept, nil)
	b.refused(t, nobody, errcode.VaultRolledBack, wire.MethodVaultShow, nil)

	var vault wire.Vault
	owner := knows(passphrase)
	b.must(t, owner, wire.MethodVaultAccept, nil, &vault)
	if vault.Locked || vault.Generation != 4 {
		t.Errorf("accepted: %+v", vault)
	}
	if asked := owner.questions(); len(asked) != 1 || !strings.Contains(asked[0], "restored vault") {
		t.Errorf("asked %q", asked)
	}
	b.must(t, nobody, wire.MethodDeviceAdd, add("newer"), nil)
	b.restart(t)
	b.must(t, knows(passphrase), wire.MethodVaultUnlock, nil, nil)
	b.refused(t, knows(passphrase), errcode.BadRequest, wire.MethodVaultAccept, nil)
}

// Who changed the vault rightly, such as another agent on the same home, is followed
// by an unlock; nothing of what was in memory is written.
func TestUnlockReadsAChangedVaultAnew(t *testing.T) {
	b := newBench(t)
	b.withVault(t)
	b.must(t, knows(passphrase), wire.MethodVaultUnlock, nil, nil)
	if err := os.Remove(filepath.Join(b.home.Vault, "lock")); err != nil {
		t.Fatal(err)
	}
	other := &bench{
		home: b.home, clock: b.clock, keychain: b.keychain, stopped: b.stopped, profiles: b.profiles,
		fs: b.fs, boot: b.boot, timeAt: b.timeAt, rack: b.rack, tokens: b.tokens, desk: b.desk,
	}
	other.start(t)
	device := wire.DeviceAddParams{Name: "theirs", Seed: []byte(seed)}
	other.must(t, knows(passphrase), wire.MethodDeviceAdd, device, nil)

	device.Name = "ours"
	b.refused(t, nobody, errcode.VaultInUse, wire.MethodDeviceAdd, device)
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	b.refused(t, nobody, errcode.VaultConflict, wire.MethodDeviceAdd, device)
	b.must(t, knows(passphrase), wire.MethodVaultUnlock, nil, nil)
	b.must(t, nobody, wire.MethodDeviceAdd, device, nil)
	var devices []wire.Device
	b.must(t, nobody, wire.MethodDeviceList, nil, &devices)
	if len(devices) != 2 {
		t.Errorf("the vault has %+v", devices)
	}
}

// A mark that is garbled refuses the vault; one that is gone is told of, when the audit
// file shows that there must have been one.
func TestLostMarkIsTold(t *testing.T) {
	b := newBench(t)
	b.withVault(t)
	b.must(t, knows(passphrase), wire.MethodVaultUnlock, nil, nil)
	if err := os.WriteFile(b.home.highWater(), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	b.restart(t)
	b.refused(t, knows(passphrase), errcode.VaultUnmarked, wire.MethodVaultUnlock, nil)

	if err := os.Remove(b.home.highWater()); err != nil {
		t.Fatal(err)
	}
	b.restart(t)
	var status wire.Status
	b.must(t, nobody, wire.MethodStatus, nil, &status)
	if told := strings.Join(status.Warnings, "\n"); !strings.Contains(told, b.home.highWater()) {
		t.Errorf("status warns of %q", told)
	}
	b.must(t, knows(passphrase), wire.MethodVaultUnlock, nil, nil)
	b.restart(t)
	status = wire.Status{}
	b.must(t, nobody, wire.MethodStatus, nil, &status)
	if told := strings.Join(status.Warnings, "\n"); strings.Contains(told, b.home.highWater()) {
		t.Errorf("there is a mark, and status warns of %q", told)
	}
}

// What others may write is told of, so that the person can mend it.
func TestStatusTellsWhoElseCanWrite(t *testing.T) {
	b := newBench(t)
	config := filepath.Join(filepath.Dir(b.profiles), "config")
	if err := errors.Join(os.WriteFile(config, nil, 0o600), os.Chmod(config, 0o666), os.Chmod(filepath.Dir(config), 0o777)); err != nil {
		t.Fatal(err)
	}
	var status wire.Status
	b.must(t, nobody, wire.MethodStatus, nil, &status)
	told := strings.Join(status.Warnings, "\n")
	for _, path := range []string{config, filepath.Dir(config)} {
		if strings.Count(told, path+" can be written by others") != 1 {
			t.Errorf("%s: status warns of %q", path, told)
		}
	}
}
