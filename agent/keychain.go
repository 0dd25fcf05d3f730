package agent

import (
	"context"
	"time"

	"github.com/mfad/mfad/keystore/keychain"
)

// keychainLimit is how long the desktop may take to have the person unlock the
// keychain, before the next way in is tried.
const keychainLimit = 30 * time.Second

// Keychain is a keychain as [github.com/mfad/mfad/keystore/keychain] offers
// the desktop's, with the same contracts.
type Keychain interface {
	Available(ctx context.Context) error
	Get(ctx context.Context, account string) ([]byte, error)
	Set(ctx context.Context, account string, secret []byte) error
	Delete(ctx context.Context, account string) error
}

// osKeychain is the desktop's.
type osKeychain struct{}

func (osKeychain) Available(ctx context.Context) error { return keychain.Available(ctx) }

func (osKeychain) Get(ctx context.Context, account string) ([]byte, error) {
	return keychain.Get(ctx, account)
}

func (osKeychain) Set(ctx context.Context, account string, secret []byte) error {
	return keychain.Set(ctx, account, secret)
}

func (osKeychain) Delete(ctx context.Context, account string) error {
	return keychain.Delete(ctx, account)
}
