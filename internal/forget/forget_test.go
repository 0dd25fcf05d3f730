package forget_test

import (
	"errors"
	"sync"
	"testing"
	"weak"

	"github.com/mfad/mfad/internal/forget"
)

func TestWorkIsDoneAndItsResultKept(t *testing.T) {
	done := 0
	forget.Do(func() { done++ })
	if done != 1 {
		t.Errorf("done %d times", done)
	}
	fault := errors.New("no")
	if got, err := forget.Value(func() (string, error) { return "made", fault }); got != "made" || !errors.Is(err, fault) {
		t.Errorf("got %q, %v", got, err)
	}
	if got, err := forget.Value(func() (string, error) { return "made", nil }); got != "made" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

// A pool keeps what was given back to it through one round of the collector.
func TestCollectEmptiesPools(t *testing.T) {
	var pool sync.Pool
	secret := new([64]byte)
	there := weak.Make(secret)
	pool.Put(secret)
	secret = nil
	forget.Collect()
	if there.Value() != nil {
		t.Error("the pool has it still")
	}
	pool.Put(new([64]byte)) // the pool itself lives on
}
