package agent

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mfad/mfad/agent/audit"
	"github.com/mfad/mfad/agent/wire"
)

// What differs from run to run in a line of the audit files.
var fleeting = regexp.MustCompile(`"time":"[^"]*"`)

// Scripts read the audit files: a line is what it was, to the byte.
func TestAuditLinesStayAsTheyAre(t *testing.T) {
	b := openBench(t) // which has made the first line
	b.withTokens(t, "1", "2")
	owner := knows(passphrase)
	var slot wire.SlotAddResult
	b.must(t, owner, wire.MethodSlotAdd, wire.SlotAddParams{Kind: "piv", Token: "1", Label: "blue"}, &slot)
	id := slot.Slot.ID
	do := func(p *person, method string, params any) { _ = b.call(t, p, method, params, nil) } // or not: both leave a line
	do(nobody, wire.MethodVaultCreate, nil)
	do(nobody, wire.MethodSlotAdd, wire.SlotAddParams{Kind: "stone"})
	do(owner, wire.MethodSlotAdd, wire.SlotAddParams{Kind: "stone", Token: "1"})
	do(nobody, wire.MethodSlotRemove, wire.SlotRemoveParams{ID: id})
	do(nobody, wire.MethodSlotRemove, wire.SlotRemoveParams{ID: id})
	do(owner, wire.MethodVaultUnlock, wire.VaultUnlockParams{Slot: "keychain"})
	do(owner, wire.MethodVaultUnlock, wire.VaultUnlockParams{Slot: "stone"})
	do(owner, wire.MethodVaultHold, wire.VaultHoldParams{Seconds: 7200})
	do(nobody, wire.MethodVaultHold, wire.VaultHoldParams{Seconds: 60}) // which takes something back
	do(owner, wire.MethodVaultHold, wire.VaultHoldParams{Seconds: 1 << 40})
	do(nobody, wire.MethodKeyImport, wire.KeyImportParams{Name: "base", AccessKeyID: keyID, Secret: []byte(secretKey)})
	do(nobody, wire.MethodKeyImport, wire.KeyImportParams{Name: "base", AccessKeyID: keyID, Secret: []byte(secretKey)})
	do(nobody, wire.MethodKeyTrust, wire.KeyTrustParams{Name: "base", Endpoint: "https://sts.example.com"})
	do(nobody, wire.MethodKeyTrust, wire.KeyTrustParams{Name: "other", Endpoint: "https://sts.example.com"})
	do(owner, wire.MethodKeyMove, wire.MoveParams{Name: "base", Tokens: []string{"1", "2"}})
	do(owner, wire.MethodKeyMove, wire.MoveParams{Name: "base", Tokens: []string{"1", "2"}})
	do(nobody, wire.MethodKeyRemove, wire.NameParams{Name: "base"})
	do(nobody, wire.MethodKeyRemove, wire.NameParams{Name: "base"})
	do(nobody, wire.MethodDeviceAdd, wire.DeviceAddParams{Name: "phone", Serial: serial, Seed: []byte(seed)})
	do(nobody, wire.MethodDeviceAdd, wire.DeviceAddParams{Name: "phone", Tokens: []string{"1"}, Seed: []byte(seed)})
	do(nobody, wire.MethodDeviceAdd, wire.DeviceAddParams{Name: "fob", Seed: []byte(seed), OnToken: true, Tokens: []string{"2"}})
	do(nobody, wire.MethodCode, wire.NameParams{Name: "phone"})
	do(nobody, wire.MethodCode, wire.NameParams{Name: "none"})
	do(owner, wire.MethodDeviceMove, wire.MoveParams{Name: "phone", Tokens: []string{"1"}})
	do(owner, wire.MethodDeviceMove, wire.MoveParams{Name: "none", Tokens: []string{"3"}})
	do(nobody, wire.MethodDeviceRemove, wire.NameParams{Name: "phone"})
	do(nobody, wire.MethodDeviceRemove, wire.NameParams{Name: "phone"})
	do(owner, wire.MethodTokenProtect, protect("1", wire.ProtectSet))
	do(nobody, wire.MethodTokenProtect, protect("1", wire.ProtectForget))
	do(nobody, wire.MethodTokenProtect, protect("1", "explode"))
	do(nobody, wire.MethodCredentials, wire.CredentialsParams{Profile: "prod"})
	do(nobody, wire.MethodVaultLock, nil)
	do(nobody, wire.MethodStatus, nil)
	do(nobody, wire.MethodKeyRemove, map[string]any{"name": "base", "more": 1})
	do(nobody, wire.MethodCode, map[string]any{"name": "phone", "more": 1})

	for name, path := range map[string]string{
		"audit.log":         b.home.audit(),
		"audit-lasting.log": audit.LastingPath(b.home.audit()),
		"audit-refused.log": audit.RefusedPath(b.home.audit()),
	} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		got := fleeting.ReplaceAllString(string(text), `"time":"T"`)
		got = strings.NewReplacer(`"pid":`+strconv.Itoa(os.Getpid()), `"pid":7`, id, "SLOT", filepath.Dir(b.home.Vault), "HOME").Replace(got)
		want, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}
