//go:build cgo && linux

package piv

import (
	"context"
	"errors"
	"testing"
	"time"

	pivgo "github.com/go-piv/piv-go/v2/piv"

	"github.com/mfad/mfad/internal/human"
	"github.com/mfad/mfad/token"
	"github.com/mfad/mfad/token/pcsc"
	"github.com/mfad/mfad/token/tokentest"
)

// share holds the token as other programs do, until it is closed.
func (d *rig) share() *pcsc.Card {
	d.t.Helper()
	s, err := pcsc.Open()
	if err != nil {
		d.t.Fatal(err)
	}
	c, err := s.Connect(d.t.Context(), d.reader)
	if err != nil {
		d.t.Fatal(err)
	}
	return c
}

func TestTokenThatAnotherProgramHolds(t *testing.T) {
	for name, hold := range map[string]func(d *rig) (release func() error){
		"shared": func(d *rig) func() error { return d.share().Close },
		"exclusively": func(d *rig) func() error {
			yk, err := pivgo.Open(d.reader)
			if err != nil {
				d.t.Fatal(err)
			}
			return yk.Close
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, i := ready(t)
			release := hold(d)
			if err := d.unwrap(i); !errors.Is(err, token.ErrBusy) {
				t.Errorf("held: %v", err)
			}
			if err := release(); err != nil {
				t.Fatal(err)
			}
			if err := d.unwrap(i); err != nil {
				t.Errorf("released: %v", err)
			}
			d.checkGuard()
		})
	}
}

func TestTokenThatIsReleasedInTimeIsWaitedFor(t *testing.T) {
	t.Parallel()
	d, i := ready(t)
	held := d.share()
	selected := make(chan struct{})
	d.Fault(func(n int, _ []byte) ([]byte, tokentest.Action) {
		if n == 0 {
			close(selected)
		}
		return nil, tokentest.Proceed
	})
	released := make(chan error)
	go func() {
		<-selected // by the probe, which needs no exclusive hold
		released <- held.Close()
	}()
	if err := errors.Join(d.unwrap(i), <-released); err != nil {
		t.Error(err)
	}
}

func TestReaderIsNotHeldWhileThePersonTypes(t *testing.T) {
	t.Parallel()
	d, i := ready(t)
	d.person.OnAsk = func(human.Question) {
		if yk, err := pivgo.Open(d.reader); err != nil {
			t.Error(err)
		} else {
			_ = yk.Close()
		}
	}
	if err := d.unwrap(i); err != nil {
		t.Error(err)
	}
}

func TestTokenThatIsNotThere(t *testing.T) {
	t.Parallel()
	d, i := ready(t)
	if err := service.Remove(d.number); err != nil {
		t.Fatal(err)
	}
	if err := d.unwrap(i); !errors.Is(err, token.ErrNotPresent) {
		t.Error(err)
	}
	if _, err := Read(t.Context(), "no such reader", nil); !errors.Is(err, token.ErrNotPresent) {
		t.Error(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	cancel()
	if _, err := Read(ctx, d.reader, nil); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
