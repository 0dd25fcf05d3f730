package agent

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/mfad/mfad/agent/tokenrack"
	"github.com/mfad/mfad/agent/vault"
	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/token"
)

// A vault that its token has unlocked; the clock is that of a bubble.
func guarded(t *testing.T, kind string, f func(t *testing.T, b *bench, r *tokenrack.Rack)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b, r := withSlots(t, kind, "1")
		b.must(t, nobody, wire.MethodVaultUnlock, nil, nil)
		synctest.Wait()
		if n := r.Watched.Load(); n != 1 {
			t.Fatalf("%d tokens are watched", n)
		}
		f(t, b, r)
	})
}

func TestVaultLocksWhenItsTokenGoes(t *testing.T) {
	for what, how := range map[string]error{"removed": nil, "no service": token.ErrNoService, "no helper": token.ErrHelper} {
		for _, kind := range []string{"piv", "fido2"} {
			t.Run(what+" "+kind, func(t *testing.T) {
				guarded(t, kind, func(t *testing.T, b *bench, r *tokenrack.Rack) {
					r.Gone <- how
					synctest.Wait()
					if !b.access.Opened().Locked() {
						t.Fatal("the vault is unlocked still")
					}
					b.must(t, nobody, wire.MethodVaultUnlock, nil, nil) // when it is back
					synctest.Wait()
					if n := r.Watched.Load(); n != 1 {
						t.Errorf("%d tokens are watched", n)
					}
				})
			})
		}
	}
}

func TestAgentThatEndsWatchesNothing(t *testing.T) {
	guarded(t, "piv", func(t *testing.T, b *bench, r *tokenrack.Rack) {
		b.restart(t)
		if n := r.Watched.Load(); n != 0 { // without a wait
			t.Errorf("%d tokens are watched", n)
		}
	})
}

// What was plugged out is asked for again, unlike after a lock of the person's.
func TestTokenThatWentIsWanted(t *testing.T) {
	guarded(t, "piv", func(t *testing.T, b *bench, r *tokenrack.Rack) {
		b.must(t, nobody, wire.MethodDeviceAdd, wire.DeviceAddParams{Name: "phone", Seed: []byte(seed)}, nil)
		r.Gone <- nil
		synctest.Wait()
		b.must(t, nobody, wire.MethodCode, wire.NameParams{Name: "phone"}, nil)
	})
}

func TestWatchEndsWithItsUnlock(t *testing.T) {
	for what, end := range map[string]struct {
		do    func(t *testing.T, b *bench)
		locks bool
	}{
		"lock": {func(t *testing.T, b *bench) { b.must(t, nobody, wire.MethodVaultLock, nil, nil) }, true},
		"time": {func(t *testing.T, _ *bench) { time.Sleep(vault.DefaultHold) }, true},
		"unlock by passphrase": {func(t *testing.T, b *bench) {
			b.must(t, knows(passphrase), wire.MethodVaultUnlock, wire.VaultUnlockParams{Slot: "passphrase"}, nil)
		}, false},
	} {
		t.Run(what, func(t *testing.T) {
			guarded(t, "piv", func(t *testing.T, b *bench, r *tokenrack.Rack) {
				end.do(t, b)
				synctest.Wait()
				if n := r.Watched.Load(); n != 0 || b.access.Opened().Locked() != end.locks {
					t.Errorf("%d tokens are watched, and the vault is locked: %v", n, b.access.Opened().Locked())
				}
			})
		})
	}
}
