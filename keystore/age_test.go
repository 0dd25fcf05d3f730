package keystore

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// ageCommand finds a program of Debian's age, which shares no code of this
// build.
func ageCommand(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("%s is missing: apt-get install age", name)
	}
	return exec.Command(path, args...)
}

func run(t *testing.T, cmd *exec.Cmd) []byte {
	t.Helper()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, &stderr)
	}
	return out
}

// TestAgeOpensAVaultWithoutMfad gives the two commands of the README:
//
//	age -d -i recovery.txt slots/X.age > id.txt
//	age -d -i id.txt items/Y.age
func TestAgeOpensAVaultWithoutMfad(t *testing.T) {
	dir := t.TempDir()
	recovery, id := filepath.Join(dir, "recovery.txt"), filepath.Join(dir, "id.txt")
	r, key, err := NewRecovery()
	if err != nil {
		t.Fatal(err)
	}
	defer key.Destroy()
	if err := os.WriteFile(recovery, key.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	f := newFixture(t, Options{Hold: -1})
	slot, err := f.AddSlot(SlotSpec{Kind: SlotRecovery, Recipient: r})
	if err != nil {
		t.Fatal(err)
	}
	item := f.put(t, "phone", "otpauth://totp/x?secret=JBSWY3DPEHPK3PXP")

	identity := run(t, ageCommand(t, "age", "-d", "-i", recovery, filepath.Join(f.dir, slot.File())))
	if err := os.WriteFile(id, identity, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := string(run(t, ageCommand(t, "age", "-d", "-i", id, filepath.Join(f.dir, item.File())))); got != f.read(t, item.ID) {
		t.Errorf("age reads %d bytes that are not the secret", len(got))
	}
	if got := run(t, ageCommand(t, "age-keygen", "-y", id)); string(bytes.TrimSpace(got)) != f.Recipient() {
		t.Errorf("the slot holds the identity of %s, and the vault's recipient is %s", got, f.Recipient())
	}
}

var update = flag.Bool("update", false, "write testdata/vault anew")

// TestVaultOfAnEarlierBuildOpens keeps the format: the vault in testdata was
// written once, and its recovery key stands beside it.
func TestVaultOfAnEarlierBuildOpens(t *testing.T) {
	const kept, keptKey = "testdata/vault", "testdata/recovery.txt"
	if *update {
		writeKeptVault(t, kept, keptKey)
	}
	dir := filepath.Join(t.TempDir(), "vault")
	if err := os.CopyFS(dir, os.DirFS(kept)); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(keptKey)
	if err != nil {
		t.Fatal(err)
	}
	recovery, err := ParseRecovery(text)
	if err != nil {
		t.Fatal(err)
	}
	v, err := Open(dir, Options{Hold: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	pass, err := PassphraseIdentity([]byte("correct horse"))
	if err != nil {
		t.Fatal(err)
	}
	if err := v.Unlock(t.Context(), slotOf(v, SlotPassphrase), pass); err != nil {
		t.Fatal(err)
	}
	if err := v.Unlock(t.Context(), slotOf(v, SlotRecovery), recovery); err != nil {
		t.Fatal(err)
	}
	const want = `["recovery","passphrase","Zoë's phone \u003ca\u0026b\u003e",{"serial":"arn:aws:iam::123456789012:mfa/zoe"},"not a secret"]`
	if got := describe(t, v); got != want {
		t.Errorf("holds %s", got)
	}
	if r := v.Verify(); len(r.Faults) > 0 {
		t.Errorf("faults %v", r.Faults)
	}
}

func writeKeptVault(t *testing.T, dir, keyFile string) {
	t.Helper()
	r, key, err := NewRecovery()
	if err != nil {
		t.Fatal(err)
	}
	defer key.Destroy()
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(keyFile, append([]byte("# opens testdata/vault, which holds nothing\n"), key.Bytes()...), 0o600); err != nil {
		t.Fatal(err)
	}
	v, err := Create(dir, []SlotSpec{{Kind: SlotRecovery, Label: "test", Recipient: r}, passphraseSpec(t, "correct horse")}, Options{Hold: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	item := Item{Name: "Zoë's phone <a&b>", Kind: KindTOTP, Facts: map[string]string{"serial": "arn:aws:iam::123456789012:mfa/zoe"}}
	if _, err := v.Put(item, []byte("not a secret")); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, lockFile)); err != nil {
		t.Fatal(err)
	}
}
