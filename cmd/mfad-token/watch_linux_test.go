//go:build cgo

package main

import (
	"context"
	"errors"
	"testing"

	"github.com/mfad/mfad/token"
	"github.com/mfad/mfad/token/persontest"
	"github.com/mfad/mfad/token/tokentest"
)

// watching watches what an identity opened, and gives the error.
func watching(ctx context.Context, h *token.Helper, identity, place string) <-chan error {
	done := make(chan error, 1)
	go func() { done <- h.Watch(ctx, token.WatchParams{Identity: identity, Place: place}) }()
	return done
}

func TestWatchEndsWhenTheCardGoes(t *testing.T) {
	h := newHelper(t)
	y := plug(t, 0, tokentest.YubiKeyOptions{})
	made := newPIVKey(t, h)
	left := errors.New("the agent locks")
	ctx, leave := context.WithCancelCause(t.Context())
	abandoned, gone := watching(ctx, h, made.Identity, made.Token.Place), watching(t.Context(), h, made.Identity, made.Token.Place)

	// It is in nobody's way.
	stanzas, err := token.KeyBy(t.Context(), h, made.Identity, 0, nil).Wrap(fileKey)
	if err != nil {
		t.Fatal(err)
	}
	key := token.KeyBy(t.Context(), h, made.Identity, 0, persontest.Typing(token.PIVPIN, "123456"))
	if _, err := key.Unwrap(stanzas); err != nil || key.Token().Place != made.Token.Place {
		t.Errorf("%v, by %v", err, key.Token())
	}
	ykman(t, y, "piv", "info")

	leave(left)
	if err := <-abandoned; !errors.Is(err, left) {
		t.Errorf("got %v", err)
	}
	select {
	case err := <-gone:
		t.Fatalf("it ended before the card went: %v", err)
	default:
	}
	if err := house.service.Remove(0); err != nil {
		t.Fatal(err)
	}
	if err := <-gone; err != nil {
		t.Error(err)
	}
	if err := <-watching(t.Context(), h, made.Identity, made.Token.Place); err != nil {
		t.Errorf("without a card: %v", err)
	}
	if err := <-watching(t.Context(), h, "AGE-SECRET-KEY-1", "x"); !errors.Is(err, token.ErrInvalid) {
		t.Errorf("of no token: %v", err)
	}
}

func TestWatchEndsWithTheService(t *testing.T) {
	h := newHelper(t)
	plug(t, 0, tokentest.YubiKeyOptions{})
	made := newPIVKey(t, h)
	done := watching(t.Context(), h, made.Identity, made.Token.Place)
	house.service.Kill()
	if err := <-done; !errors.Is(err, token.ErrNoService) {
		t.Errorf("got %v", err)
	}
	if err := house.service.Restart(); err != nil {
		t.Fatal(err)
	}
}

func TestWatchEndsWhenTheFIDO2KeyGoes(t *testing.T) {
	k, h, made := newFIDO2Key(t)
	done := watching(t.Context(), h, made.Identity, made.Token.Place)
	k.Unplug()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
