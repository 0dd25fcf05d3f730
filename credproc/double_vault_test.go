package credproc_test

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/internal/human"
)

// vault keeps access keys and the seeds of devices, with a ledger of used
// steps; a device without a seed is asked for.
type vault struct {
	reach  human.Reach // of who asked last for a key; guarded by mu
	seeded bool
	locked atomic.Bool
	now    func() time.Time
	// replaced is the id of the key that every name has got a moment ago.
	replaced string
	days     credproc.Signer // of every key, if not nil
	asked    atomic.Int32    // how often for an access key
	open     atomic.Int32    // access keys that were given and not closed
	onCode   func()          // is called when a code leaves, if not nil

	mu       sync.Mutex
	skew     time.Duration
	skewed   []time.Duration
	used     map[string]int64 // the last step by device
	released int
}

func newVault() *vault { return &vault{seeded: true, now: time.Now, used: map[string]int64{}} }

func (v *vault) KeyID(_ context.Context, name string) (string, error) {
	if name == "" {
		return "", credproc.ErrNoKey
	}
	return "AKIA" + name, nil
}

func (v *vault) AccessKey(ctx context.Context, name string, ask credproc.Asker) (credproc.AccessKey, error) {
	v.asked.Add(1)
	v.mu.Lock()
	v.reach = ask.Reach()
	v.mu.Unlock()
	if v.locked.Load() {
		if _, err := human.AskSecret(ctx, ask, human.Question{What: "passphrase"}); err != nil {
			return credproc.AccessKey{}, err
		}
		v.locked.Store(false)
	}
	if v.days != nil {
		return credproc.AccessKey{ID: cmp.Or(v.replaced, "AKIA"+name), Signer: v.days}, nil
	}
	v.open.Add(1)
	closed := sync.OnceFunc(func() { v.open.Add(-1) })
	return credproc.AccessKey{ID: cmp.Or(v.replaced, "AKIA"+name), Secret: []byte("long-term"), Close: closed}, nil
}

func (v *vault) Skew(d time.Duration) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.skew = d
	v.skewed = append(v.skewed, d)
}

func (v *vault) Code(ctx context.Context, want credproc.CodeRequest, ask credproc.Asker) (credproc.Code, error) {
	if !v.seeded {
		answer, err := ask.Ask(ctx, want.Question(want.Again))
		return credproc.Code{Digits: string(answer.Text), Typed: true, Unsent: func() {}}, err
	}
	for {
		at, wait := v.take(want.Serial)
		if wait == 0 {
			var once sync.Once
			back := func() { once.Do(func() { v.giveBack(want.Serial, at.Unix()/30) }) }
			if v.onCode != nil {
				v.onCode()
			}
			return credproc.Code{Digits: showing(at), Unsent: back}, nil
		}
		ask.Notice(ctx, fmt.Sprintf("waiting %s for the next code of the phone", wait.Round(time.Second)))
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return credproc.Code{}, ctx.Err()
		}
	}
}

// take releases the step of now, or says how long the next one is away.
func (v *vault) take(serial string) (at time.Time, wait time.Duration) {
	v.mu.Lock()
	defer v.mu.Unlock()
	at = v.now().Add(v.skew)
	if at.Unix()/30 <= v.used[serial] {
		return at, at.Truncate(step).Add(step).Sub(at)
	}
	v.used[serial] = at.Unix() / 30
	v.released++
	return at, 0
}

func (v *vault) giveBack(serial string, used int64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.used[serial] == used {
		v.used[serial]--
	}
	v.released--
}
