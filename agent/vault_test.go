package agent

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mfad/mfad/agent/vault"
	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/errcode"
	"github.com/mfad/mfad/internal/human"
	"github.com/mfad/mfad/keystore"
)

func TestVaultIsMadeWithAKeychainAndARecoveryKey(t *testing.T) {
	b := newBench(t)
	b.keychain.open = true
	var made wire.VaultCreateResult
	b.must(t, nobody, wire.MethodVaultCreate, wire.VaultCreateParams{}, &made)
	if kinds := kindsOf(made.Vault); !slices.Equal(kinds, []string{"keychain", "recovery"}) {
		t.Errorf("got slots %v, want keychain and recovery", kinds)
	}
	if !strings.HasPrefix(string(made.Recovery), "AGE-SECRET-KEY-1") {
		t.Error("no recovery key came")
	}
	if made.Vault.Locked {
		t.Error("the new vault is locked")
	}

	b.restart(t)
	b.must(t, nobody, wire.MethodDeviceAdd, wire.DeviceAddParams{Name: "phone", Seed: []byte(seed)}, nil)
	b.restart(t)
	b.must(t, knows(string(made.Recovery)), wire.MethodVaultUnlock, wire.VaultUnlockParams{Slot: "recovery"}, nil)
	b.refused(t, nobody, errcode.VaultExists, wire.MethodVaultCreate, wire.VaultCreateParams{})
}

func TestVaultIsMadeWithAPassphraseWhereThereIsNoKeychain(t *testing.T) {
	t.Parallel() // scrypt takes its time, and more under the race detector
	b := newBench(t)
	answers := []string{"short", passphrase}
	p := &person{secret: func(q human.Question) (string, bool) {
		if !q.New {
			t.Errorf("asked for an old %s", q.What)
		}
		answer := answers[0]
		answers = answers[1:]
		return answer, false
	}}
	var made wire.VaultCreateResult
	b.must(t, p, wire.MethodVaultCreate, wire.VaultCreateParams{Keychain: "auto"}, &made)
	if kinds := kindsOf(made.Vault); !slices.Equal(kinds, []string{"passphrase", "recovery"}) {
		t.Errorf("got slots %v, want passphrase and recovery", kinds)
	}
	if asked := p.questions(); len(asked) != 2 || !strings.Contains(asked[1], "at least 8 characters") {
		t.Errorf("asked %q, want a second question that says what a passphrase needs", asked)
	}
	b.restart(t)
	b.must(t, knows(passphrase), wire.MethodVaultUnlock, nil, nil)
}

func TestVaultNeedsTwoWaysIn(t *testing.T) {
	for name, test := range map[string]struct {
		params wire.VaultCreateParams
		want   errcode.Code
	}{
		"recovery alone":           {wire.VaultCreateParams{Passphrase: "no"}, errcode.LastSlot},
		"none":                     {wire.VaultCreateParams{Passphrase: "no", NoRecovery: true, OneWayIn: true}, errcode.LastSlot},
		"keychain that is missing": {wire.VaultCreateParams{Keychain: "yes"}, errcode.NoKeychain},
		"no such choice":           {wire.VaultCreateParams{Keychain: "maybe"}, errcode.BadRequest},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.refused(t, nobody, test.want, wire.MethodVaultCreate, test.params)
			b.refused(t, nobody, errcode.NoVault, wire.MethodVaultShow, nil)
		})
	}
	b := newBench(t)
	b.must(t, nobody, wire.MethodVaultCreate, wire.VaultCreateParams{Passphrase: "no", OneWayIn: true}, nil)
}

func TestVaultThatIsNotMadeLeavesNothingInTheKeychain(t *testing.T) {
	b := newBench(t)
	b.keychain.open = true
	b.refused(t, nobody, errcode.NoPrompt, wire.MethodVaultCreate, wire.VaultCreateParams{Passphrase: "yes"})
	if left := b.keychain.accounts(); len(left) != 0 {
		t.Errorf("the keychain keeps %v", left)
	}
}

func kindsOf(v wire.Vault) []string {
	var kinds []string
	for _, s := range v.Slots {
		kinds = append(kinds, s.Kind)
	}
	return kinds
}

func TestHundredRequestsAskForOnePassphrase(t *testing.T) {
	b := newBench(t)
	b.withVault(t)
	const callers = 100
	answered := make(chan struct{})
	p := &person{secret: func(human.Question) (string, bool) {
		<-answered
		return passphrase, false
	}}
	var all sync.WaitGroup
	for range callers {
		all.Go(func() {
			if err := b.call(t, p, wire.MethodVaultVerify, nil, nil); err != nil {
				t.Error(err)
			}
		})
	}
	close(answered)
	all.Wait()
	if asked := p.questions(); len(asked) != 1 {
		t.Errorf("asked %d times: %q", len(asked), asked)
	}
}

func TestWrongPassphraseIsAskedForAgainThreeTimes(t *testing.T) {
	b := newBench(t)
	b.withVault(t)
	answers := []string{"wrong", "", passphrase}
	p := &person{secret: func(human.Question) (string, bool) {
		answer := answers[0]
		answers = answers[1:]
		return answer, false
	}}
	b.must(t, p, wire.MethodVaultUnlock, nil, nil)
	for i, q := range p.questions() {
		if again := strings.Contains(q, "does not open"); again != (i > 0) {
			t.Errorf("question %d is %q", i+1, q)
		}
	}

	b.must(t, p, wire.MethodVaultLock, nil, nil)
	stubborn := knows("wrong")
	b.refused(t, stubborn, errcode.WrongPassphrase, wire.MethodVaultUnlock, nil)
	if n := len(stubborn.questions()); n != 3 {
		t.Errorf("asked %d times, want %d", n, 3)
	}
}

func TestUnlockingGoesToWhoeverCanBeAsked(t *testing.T) {
	b := newBench(t)
	b.withVault(t)
	if got := b.refused(t, nobody, errcode.NoPrompt, wire.MethodVaultVerify, nil); !strings.Contains(got, `unlocking vault "default"`) {
		t.Errorf("the refusal %q does not say what was locked", got)
	}
	no := &person{secret: func(human.Question) (string, bool) { return "", true }}
	b.refused(t, no, errcode.Dismissed, wire.MethodVaultVerify, nil)
	b.must(t, knows(passphrase), wire.MethodVaultVerify, nil, nil)
}

func TestKeychainThatLostItsKeyFallsBackToTheRecoveryKey(t *testing.T) {
	b := newBench(t)
	b.keychain.open = true
	var made wire.VaultCreateResult
	b.must(t, nobody, wire.MethodVaultCreate, nil, &made)
	b.restart(t)
	clear(b.keychain.entries)
	b.refused(t, nobody, errcode.NoPrompt, wire.MethodVaultUnlock, nil)
	b.must(t, knows(string(made.Recovery)), wire.MethodVaultUnlock, nil, nil)
}

func TestExplicitLockSticks(t *testing.T) {
	b := newBench(t)
	b.keychain.open = true
	b.must(t, nobody, wire.MethodVaultCreate, nil, nil)
	b.must(t, nobody, wire.MethodDeviceAdd, wire.DeviceAddParams{Name: "phone", Seed: []byte(seed)}, nil)
	b.must(t, nobody, wire.MethodVaultLock, nil, nil)
	for method, params := range map[string]any{
		wire.MethodCode:        wire.NameParams{Name: "phone"},
		wire.MethodCredentials: wire.CredentialsParams{Profile: "prod"},
		wire.MethodVaultVerify: nil,
	} {
		b.refused(t, knows(passphrase), errcode.VaultLocked, method, params)
	}
	b.must(t, nobody, wire.MethodVaultUnlock, nil, nil)
	b.must(t, nobody, wire.MethodCode, wire.NameParams{Name: "phone"}, nil)

	b.must(t, nobody, wire.MethodVaultLock, nil, nil)
	b.restart(t)
	b.must(t, nobody, wire.MethodVaultVerify, nil, nil) // a new agent unlocks by itself
}

// unlocking is an unlock whose person has been asked, and answers rightly when
// answer is closed.
func (b *bench) unlocking(t *testing.T) (answer chan<- struct{}, ended <-chan error) {
	asked, typed, end := make(chan struct{}), make(chan struct{}), make(chan error)
	p := &person{secret: func(human.Question) (string, bool) {
		close(asked)
		<-typed
		return passphrase, false
	}}
	go func() { end <- b.call(t, p, wire.MethodVaultUnlock, nil, nil) }()
	<-asked
	return typed, end
}

func TestLockStopsAnUnlockThatIsUnderWay(t *testing.T) {
	b := newBench(t)
	b.withVault(t)
	answer, ended := b.unlocking(t)
	b.must(t, nobody, wire.MethodVaultLock, nil, nil)
	close(answer)
	if err := <-ended; !errors.Is(err, errcode.VaultLocked) {
		t.Errorf("got %v, want the vault locked", err)
	}
	if v := b.access.Opened(); !v.Locked() {
		t.Error("the vault is unlocked")
	}
	b.must(t, knows(passphrase), wire.MethodVaultUnlock, nil, nil)
}

func TestPromptEndsWithItsRequest(t *testing.T) {
	b := newBench(t)
	b.withVault(t)
	ctx, leave := context.WithCancel(t.Context())
	p := &person{secret: func(human.Question) (string, bool) {
		leave()
		return "", true
	}}
	if err := b.callContext(ctx, t, p, wire.MethodVaultUnlock, nil, nil); !errors.Is(err, errcode.Dismissed) {
		t.Errorf("got %v, want dismissed", err)
	}
}

func TestHoldTimeIsKeptInTheVault(t *testing.T) {
	b := newBench(t)
	b.withVault(t)
	b.must(t, knows(passphrase), wire.MethodVaultHold, wire.VaultHoldParams{Seconds: 60}, nil)
	b.restart(t)
	var shown wire.Vault
	b.must(t, knows(passphrase), wire.MethodVaultUnlock, nil, &shown)
	if shown.Hold != 60 {
		t.Errorf("the hold time is %d s, want 60", shown.Hold)
	}
	b.clock.advance(61 * time.Second)
	b.must(t, nobody, wire.MethodVaultShow, nil, &shown)
	if !shown.Locked {
		t.Error("the vault is open after its hold time")
	}
	b.refused(t, nobody, errcode.BadRequest, wire.MethodVaultHold, wire.VaultHoldParams{Seconds: 1 << 40})
}

// To begin the hold time anew takes a way in, as the first time: who has none keeps
// no vault open, and who cannot be asked leaves it as it was.
func TestUnlockOfAnOpenVaultBeginsItsHoldTimeAnew(t *testing.T) {
	b := newBench(t)
	b.withVault(t)
	var first, now wire.Vault
	b.must(t, knows(passphrase), wire.MethodVaultUnlock, nil, &first)
	b.clock.advance(time.Minute)
	b.must(t, nobody, wire.MethodVaultUnlock, nil, &now)
	if now.Locked || !now.HeldUntil.Equal(first.HeldUntil) {
		t.Errorf("who cannot be asked holds it until %v, and it was %v", now.HeldUntil, first.HeldUntil)
	}
	b.refused(t, knows("a guess of a thief"), errcode.WrongPassphrase, wire.MethodVaultUnlock, nil)
	b.must(t, nobody, wire.MethodVaultShow, nil, &now)
	if now.Locked || !now.HeldUntil.Equal(first.HeldUntil) {
		t.Errorf("who knows no secret: locked %v, until %v", now.Locked, now.HeldUntil)
	}
	owner := knows(passphrase)
	b.must(t, owner, wire.MethodVaultUnlock, nil, &now)
	if got := now.HeldUntil.Sub(first.HeldUntil).Round(time.Second); got != time.Minute || len(owner.questions()) != 1 {
		t.Errorf("the hold time is %v later, after %q", got, owner.questions())
	}
	b.must(t, owner, wire.MethodVaultHold, wire.VaultHoldParams{Seconds: -1}, nil)
	b.must(t, owner, wire.MethodVaultUnlock, nil, nil)
	before := len(owner.questions())
	b.must(t, owner, wire.MethodVaultUnlock, nil, nil)
	if asked := len(owner.questions()) - before; asked != 0 {
		t.Errorf("asked %d times for what no time ends", asked)
	}
}

func TestHoldOfZeroUnlocksForEachUse(t *testing.T) {
	b := newBench(t)
	b.withVault(t)
	p := knows(passphrase)
	b.must(t, p, wire.MethodVaultHold, wire.VaultHoldParams{}, nil)
	b.must(t, p, wire.MethodVaultLock, nil, nil)
	b.must(t, p, wire.MethodVaultUnlock, nil, nil)
	before := len(p.questions())
	for range 3 {
		b.must(t, p, wire.MethodVaultVerify, nil, nil)
	}
	if asked := len(p.questions()) - before; asked != 2 {
		t.Errorf("asked %d times for three uses, the first of an unlocked vault; want 2", asked)
	}
}

func TestSlotsComeAndGo(t *testing.T) {
	b := newBench(t)
	b.withVault(t)
	b.must(t, knows(passphrase), wire.MethodVaultUnlock, nil, nil)
	b.keychain.open = true
	var added wire.SlotAddResult
	b.must(t, knows(passphrase), wire.MethodSlotAdd, wire.SlotAddParams{Kind: "keychain", Label: "laptop"}, &added)
	if added.Slot.Label != "laptop" || len(b.keychain.accounts()) != 1 {
		t.Errorf("got %+v and %d entries in the keychain", added.Slot, len(b.keychain.accounts()))
	}
	b.restart(t)
	b.must(t, nobody, wire.MethodVaultUnlock, nil, nil)

	owner := knows(passphrase)
	var recovery wire.SlotAddResult
	b.must(t, owner, wire.MethodSlotAdd, wire.SlotAddParams{Kind: "recovery"}, &recovery)
	b.refused(t, nobody, errcode.BadRequest, wire.MethodSlotRemove, wire.SlotRemoveParams{ID: "recovery"})
	b.must(t, owner, wire.MethodSlotRemove, wire.SlotRemoveParams{ID: recovery.Slot.ID}, nil)
	b.must(t, owner, wire.MethodSlotRemove, wire.SlotRemoveParams{ID: "recovery"}, nil)
	b.refused(t, owner, errcode.LastSlot, wire.MethodSlotRemove, wire.SlotRemoveParams{ID: "keychain"})
	b.must(t, owner, wire.MethodSlotRemove, wire.SlotRemoveParams{ID: "keychain", Last: true}, nil)
	if left := b.keychain.accounts(); len(left) != 0 {
		t.Errorf("the keychain keeps %v", left)
	}
	b.refused(t, nobody, errcode.NoSlot, wire.MethodSlotRemove, wire.SlotRemoveParams{ID: "keychain"})
	b.refused(t, nobody, errcode.NoSlot, wire.MethodVaultUnlock, wire.VaultUnlockParams{Slot: "keychain"})
	b.refused(t, knows(passphrase), errcode.BadRequest, wire.MethodSlotAdd, wire.SlotAddParams{Kind: "yubikey"})
	b.refused(t, knows(passphrase), errcode.Plugin, wire.MethodSlotAdd, wire.SlotAddParams{Kind: "plugin", Identity: "nonsense"})
}

// A slot opens every secret of the vault, for ever: a process of the same user
// that finds the vault open must not get one, nor more time.
func TestOpenVaultGivesNoWayInAndNoMoreTime(t *testing.T) {
	b := newBench(t)
	b.withVault(t)
	b.keychain.open = true
	b.must(t, knows(passphrase), wire.MethodVaultUnlock, nil, nil)
	for _, thief := range []*person{nobody, knows("chosen by the thief")} {
		for _, kind := range []string{"recovery", "passphrase", "keychain"} {
			if err := b.call(t, thief, wire.MethodSlotAdd, wire.SlotAddParams{Kind: kind}, nil); err == nil {
				t.Errorf("a thief got a %s slot", kind)
			}
		}
		for _, seconds := range []int64{-1, int64(vault.DefaultHold/time.Second) + 1} {
			if err := b.call(t, thief, wire.MethodVaultHold, wire.VaultHoldParams{Seconds: seconds}, nil); err == nil {
				t.Errorf("a thief set the hold time to %d s", seconds)
			}
		}
	}
	if n := len(b.access.Opened().Slots()); n != 2 {
		t.Errorf("the vault has %d slots", n)
	}
	b.must(t, nobody, wire.MethodVaultHold, wire.VaultHoldParams{Seconds: 60}, nil)
	b.must(t, knows(passphrase), wire.MethodVaultHold, wire.VaultHoldParams{Seconds: -1}, nil)
	b.must(t, knows(passphrase), wire.MethodVaultLock, nil, nil)
	b.refused(t, knows(passphrase), errcode.VaultLocked, wire.MethodSlotAdd, wire.SlotAddParams{Kind: "recovery"})
}

// What the person is typing for another request proves nothing of this one.
func TestNobodyRidesAlongToAWayIn(t *testing.T) {
	b := newBench(t)
	b.withVault(t)
	answer, ended := b.unlocking(t)
	b.refused(t, nobody, errcode.NoPrompt, wire.MethodSlotAdd, wire.SlotAddParams{Kind: "recovery"})
	close(answer)
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestVaultThatCannotBeOpenedIsTheReason(t *testing.T) {
	b := newBench(t)
	b.withVault(t)
	if err := os.Truncate(filepath.Join(b.home.Vault, "vault.json"), 100); err != nil {
		t.Fatal(err)
	}
	for method, params := range map[string]any{
		wire.MethodVaultShow:   nil,
		wire.MethodCredentials: wire.CredentialsParams{Profile: "base"}, // which may be a key of the vault
		wire.MethodCode:        wire.NameParams{Name: "phone"},
	} {
		b.refused(t, nobody, errcode.VaultDamaged, method, params)
	}
	var status wire.Status
	b.must(t, nobody, wire.MethodStatus, nil, &status)
	if !strings.Contains(status.VaultFault, "damaged") || status.Vault != nil {
		t.Errorf("status shows %q, %+v", status.VaultFault, status.Vault)
	}
	if len(status.Faults) != 2 || !strings.Contains(status.Faults[0].Text, "damaged") {
		t.Errorf("status shows %+v", status.Faults)
	}
}

func TestDamagedSlotIsRefusedAndSaysSo(t *testing.T) {
	b := newBench(t)
	b.withVault(t)
	v, err := b.access.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	slots := v.Slots()
	slot := slots[slices.IndexFunc(slots, func(s keystore.Slot) bool { return s.Kind == keystore.SlotPassphrase })]
	damage(t, b.home.Vault, slot.File())
	b.refused(t, knows(passphrase), errcode.VaultDamaged, wire.MethodVaultUnlock, nil)
}

func TestVaultInUseOrNotMadeIsWhyAProfileHasNoKey(t *testing.T) {
	b := newBench(t)
	b.write(t, "[profile prod]\nrole_arn = arn:aws:iam::123456789012:role/x\nsource_profile = base\n")
	prod := wire.CredentialsParams{Profile: "prod"}
	b.refused(t, nobody, errcode.NoVault, wire.MethodCredentials, prod)
	b.withVault(t)
	other, err := keystore.Open(b.home.Vault, keystore.Options{HighWater: b.home.highWater()})
	if err != nil {
		t.Fatal(err)
	}
	b.refused(t, nobody, errcode.VaultInUse, wire.MethodCredentials, prod)
	b.refused(t, nobody, errcode.VaultInUse, wire.MethodProfileShow, wire.ProfileShowParams{Profile: "base"})
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	b.refused(t, nobody, errcode.NoKey, wire.MethodCredentials, prod)
	b.refused(t, nobody, errcode.NoProfile, wire.MethodCredentials, wire.CredentialsParams{Profile: "none"})
}
