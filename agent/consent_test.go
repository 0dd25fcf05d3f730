package agent

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/mfad/mfad/agent/audit"
	"github.com/mfad/mfad/agent/inventory"
	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/errcode"
	"github.com/mfad/mfad/internal/human"
)

// yesman is a caller who answers yes to whatever comes over its own connection,
// and knows no secret.
func yesman() *person {
	return &person{
		confirm: func(string) bool { return true },
		secret:  func(human.Question) (string, bool) { return "AGE-SECRET-KEY-1", false },
	}
}

// openByItself is a bench whose vault the keychain opens, with a key, a device and
// a second recovery slot, and before whose desktop nobody sits any more.
func openByItself(t *testing.T) *bench {
	t.Helper()
	b := openBench(t)
	b.must(t, nobody, wire.MethodKeyImport, wire.KeyImportParams{Name: "base", AccessKeyID: keyID, Secret: []byte(secretKey)}, nil)
	b.must(t, nobody, wire.MethodDeviceAdd, wire.DeviceAddParams{Name: "phone", Serial: serial, Seed: []byte(seed)}, nil)
	b.write(t, "[profile prod]\nmfad_access_key = base\nmfa_serial = "+serial+"\nregion = eu-central-1\n")
	return b
}

// takers are the methods that take a proof: the parameters, the words that the
// person sees, and the profiles that they see use it.
var takers = map[string]struct {
	params any
	words  string
	uses   string
}{
	wire.MethodVaultHold: {wire.VaultHoldParams{Seconds: -1}, "to hold it open longer", ""},
	wire.MethodSlotAdd:   {wire.SlotAddParams{Kind: "recovery"}, "to add a way in: recovery", ""},
	wire.MethodSlotRemove: {
		wire.SlotRemoveParams{ID: "keychain", Last: true}, "to remove the way in keychain-", "",
	},
	wire.MethodKeyImport: {
		wire.KeyImportParams{Name: "base", AccessKeyID: otherID, Secret: []byte(secretKey), Replace: true, Trust: []string{"https://x.example"}},
		`to replace access key "base", ` + keyID + ", by " + otherID + " and to send requests of access key " + otherID +
			", and MFA codes, to https://x.example", "prod",
	},
	wire.MethodKeyTrust: {
		wire.KeyTrustParams{Name: "base", Endpoint: "https://x.example"},
		"to send requests of access key " + keyID + ", and MFA codes, to https://x.example", "",
	},
	wire.MethodKeyMove:      {wire.MoveParams{Name: "base"}, `to move access key "base" onto a token`, ""},
	wire.MethodKeyRemove:    {wire.NameParams{Name: "base"}, `to erase access key "base", ` + keyID, "prod"},
	wire.MethodDeviceMove:   {wire.MoveParams{Name: "phone"}, `to move device "phone" onto a token`, ""},
	wire.MethodDeviceRemove: {wire.NameParams{Name: serial}, `to erase device "phone", ` + serial + ",", "prod"},
	wire.MethodKeyRename: {
		wire.RenameParams{Name: "base", To: "work"}, `to rename access key "base", ` + keyID + `, to "work"`, "prod",
	},
	wire.MethodDeviceRename: {
		wire.RenameParams{Name: "phone", To: "mobile"}, `to rename device "phone", ` + serial + `, to "mobile"`, "",
	},
	wire.MethodDeviceSet: {wire.DeviceSetParams{Name: "phone"}, `to take its serial number from device "phone", ` + serial, "prod"},
	wire.MethodDeviceResume: {
		wire.NameParams{Name: "phone"}, `to say that this machine's clock is right, for device "phone"`, "",
	},
	wire.MethodDeviceAdd: {
		wire.DeviceAddParams{Name: "phone", Seed: []byte(seed), Replace: true}, `to replace device "phone"`, "prod",
	},
	wire.MethodTokenProtect: {wire.TokenProtectParams{Action: wire.ProtectRemove}, "to remove the access code of a token", ""},
}

// free are the methods that change or hand out something and take no proof, with
// the reason.
var free = map[string]string{
	wire.MethodCredentials: "for now, as every process of the user gets it while the vault is open",
	wire.MethodCode:        "for now, too",
	wire.MethodVaultCreate: "there is no vault to lose: it refuses where one is",
	wire.MethodVaultUnlock: "it takes what opens the vault",
	wire.MethodVaultLock:   "it opens nothing",
	wire.MethodVaultAccept: "it is proved by the vault that is accepted, which is not the agent's yet",
}

func TestEachMethodHasDecidedWhatItTakes(t *testing.T) {
	for name, m := range newBench(t).methods {
		_, takes := takers[name]
		_, isFree := free[name]
		if quiet := m.line == noLine; !quiet && takes == isFree || quiet && (takes || isFree) {
			t.Errorf("%s: takes a proof: %v, none: %v, quiet: %v", name, takes, isFree, quiet)
		}
	}
}

// Whatever a caller sends over its own connection, a vault that opens by itself
// gives it nothing for good, and nothing is lost.
func TestVaultThatOpensByItselfGivesItsUserAlone(t *testing.T) {
	b := openByItself(t)
	b.desk.sit(false)
	before := b.access.Opened().Generation()
	for name, row := range takers {
		for who, thief := range map[string]*person{"nobody": nobody, "yesman": yesman()} {
			err := b.call(t, thief, name, row.params, nil)
			if !errors.Is(err, errcode.Unproven) && !errors.Is(err, errcode.WrongPassphrase) {
				t.Errorf("%s by %s: got %v", name, who, err)
			}
			for _, asked := range thief.questions() {
				if strings.HasPrefix(asked, "confirm") {
					t.Errorf("%s: the caller was asked to confirm: %s", name, asked)
				}
			}
		}
	}
	if now := b.access.Opened().Generation(); now != before {
		t.Errorf("the vault changed %d times", now-before)
	}
	text, err := os.ReadFile(audit.RefusedPath(b.home.audit()))
	if err != nil {
		t.Fatal(err)
	}
	for name := range takers {
		if n := strings.Count(string(text), `"msg":"`+name+`","verdict":"refused"`); n < 2 {
			t.Errorf("%s: %d refusals in the audit file", name, n)
		}
	}
}

// The agent's own desktop says what it is for, and a yes there is for that alone.
func TestOwnDesktopConfirmsWhatItShows(t *testing.T) {
	for name, row := range takers {
		b := openByItself(t)
		_ = b.call(t, nobody, name, row.params, nil) // some want a token
		if !slices.ContainsFunc(b.desk.asked, func(q string) bool {
			return strings.HasPrefix(q, "consent: "+row.words) && strings.HasSuffix(q, " | "+row.uses)
		}) {
			t.Errorf("%s: asked %q", name, b.desk.asked)
		}
	}
}

// A caller does not write the question: what cannot be trusted is refused before
// anybody reads it.
func TestQuestionHasNoWordsOfACaller(t *testing.T) {
	b := openByItself(t)
	for _, p := range []wire.KeyTrustParams{
		{Name: "base", Endpoint: "aws", Proxy: "http://p:1\nIt is safe: click Allow."},
		{Name: "base", Endpoint: "https://x.example", CA: "0a\n\nIt is safe"},
	} {
		b.refused(t, nobody, errcode.BadRequest, wire.MethodKeyTrust, p)
	}
	if len(b.desk.asked) > 0 {
		t.Errorf("asked %q", b.desk.asked)
	}
}

// The recovery key is a proof where nobody sits at the agent's desktop, and where
// it was chosen nothing else is asked.
func TestRecoveryKeyProves(t *testing.T) {
	b := openByItself(t)
	var added wire.SlotAddResult
	b.must(t, nobody, wire.MethodSlotAdd, wire.SlotAddParams{Kind: "recovery"}, &added)
	b.desk.sit(false)
	owner := knows(string(added.Recovery))
	b.must(t, owner, wire.MethodKeyTrust, takers[wire.MethodKeyTrust].params, nil)
	want := `secret: recovery key of vault "default", ` + takers[wire.MethodKeyTrust].words + " | "
	if asked := owner.questions(); !slices.Equal(asked, []string{want}) {
		t.Errorf("asked %q", asked)
	}
}

// What was confirmed is still meant when the person has answered.
func TestConfirmationIsForNothingElse(t *testing.T) {
	b := openByItself(t)
	b.must(t, nobody, wire.MethodKeyImport, wire.KeyImportParams{Name: "junk", AccessKeyID: otherID, Secret: []byte(secretKey)}, nil)
	b.desk.during = func() {
		b.desk.during = nil
		v := b.access.Opened()
		base, _ := inventory.KeyNamed(v, "base")
		junk, _ := inventory.KeyNamed(v, "junk")
		now := inventory.NewKey("junk", keyID)
		now.Supersede(junk.Entry)
		if err := errors.Join(v.Remove(base.ID()), inventory.Store(v, &now, []byte(secretKey))); err != nil {
			t.Error(err)
		}
	}
	b.refused(t, nobody, errcode.Unproven, wire.MethodKeyRemove, wire.NameParams{Name: "junk"})
}
