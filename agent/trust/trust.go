// Package trust knows which endpoints the person has vouched for: an access key,
// and the codes that go with it, are sent to AWS, and to no other host that the
// person was not asked about. Whoever names the endpoint could harvest a code.
//
// Trust is kept in the vault, under its MAC, for each access key id or other
// identity: see [inventory.Trust]. It is believed only after the vault was
// unlocked once. A question is put once, however many requests it holds up.
//
// The package sends nothing, and does not know which hosts are AWS's: the broker
// of package credproc does, and calls it as [credproc.Trust]. The methods for
// access keys change what is trusted.
package trust

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/mfad/mfad/agent/inventory"
	"github.com/mfad/mfad/agent/vault"
	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/credproc/flight"
	"github.com/mfad/mfad/internal/human"
	"github.com/mfad/mfad/keystore"
)

// Endpoints are the endpoints that are trusted, per identity. It is safe for
// concurrent use.
type Endpoints struct {
	access *vault.Access
	asking flight.Group[question, credproc.Asker, struct{}]
}

var _ credproc.Trust = (*Endpoints)(nil)

// New returns the endpoints of which a vault tells. The caller closes it.
func New(access *vault.Access) *Endpoints { return &Endpoints{access: access} }

// Close withdraws questions that are open, and waits for that.
func (e *Endpoints) Close() { e.asking.Close() }

// question is what a person is asked, once for all who wait for it.
type question struct{ identity, endpoint string }

// String is the question in words.
func (q question) String() string {
	open := ""
	if strings.HasPrefix(q.endpoint, "http:") {
		open = ", and the connection is not encrypted"
	}
	return fmt.Sprintf("Send requests signed by access key %s, and MFA codes, to %s? It is not AWS%s.", q.identity, q.endpoint, open)
}

// Endpoint implements [credproc.Trust]: it asks once whether an access key may be
// used with an endpoint that is not AWS's, and remembers a yes.
func (e *Endpoints) Endpoint(ctx context.Context, keyID, raw string, ask credproc.Asker) error {
	endpoint, err := Canonical(raw)
	if err != nil {
		return err
	}
	if err := e.access.Verify(ctx, ask); err != nil {
		return err
	}
	if slices.Contains(e.Of(keyID), endpoint) {
		return nil
	}
	q := question{keyID, endpoint}
	_, err = e.asking.Do(ctx, q, ask, func(ctx context.Context, waiters *flight.Waiters[credproc.Asker]) (struct{}, error) {
		return struct{}{}, e.put(ctx, q, credproc.Relay(waiters))
	})
	return err
}

// put asks, and remembers a yes.
func (e *Endpoints) put(ctx context.Context, q question, ask credproc.Asker) error {
	yes, err := human.AskYes(ctx, ask, q.String())
	if err != nil {
		return fmt.Errorf("%w: %s is not AWS's, and access key %s was never used with it: %w",
			credproc.ErrUntrustedEndpoint, q.endpoint, q.identity, err)
	}
	if !yes {
		return fmt.Errorf("%w: %s was declined for access key %s", credproc.ErrUntrustedEndpoint, q.endpoint, q.identity)
	}
	return e.Add(ctx, q.identity, q.endpoint, ask)
}

// Of lists the endpoints that an access key may be used with, as far as the vault
// was opened. It waits for nothing.
func (e *Endpoints) Of(keyID string) []string {
	v := e.access.Opened()
	if v == nil {
		return nil
	}
	return inventory.TrustOf(v, keyID).Endpoints
}

// Add remembers that an access key may be used with an endpoint, which [Canonical]
// has written.
func (e *Endpoints) Add(ctx context.Context, keyID, endpoint string, ask credproc.Asker) error {
	return e.alter(ctx, keyID, ask, func(endpoints []string) []string {
		if slices.Contains(endpoints, endpoint) {
			return endpoints
		}
		return append(endpoints, endpoint)
	})
}

// Remove forgets what [Endpoints.Add] remembers.
func (e *Endpoints) Remove(ctx context.Context, keyID, endpoint string, ask credproc.Asker) error {
	return e.alter(ctx, keyID, ask, func(endpoints []string) []string {
		return slices.DeleteFunc(endpoints, func(each string) bool { return each == endpoint })
	})
}

// RemoveAll forgets all endpoints of an access key.
func (e *Endpoints) RemoveAll(ctx context.Context, keyID string, ask credproc.Asker) error {
	return e.alter(ctx, keyID, ask, func([]string) []string { return nil })
}

// alter changes the list of endpoints of an access key.
func (e *Endpoints) alter(ctx context.Context, keyID string, ask credproc.Asker, edit func([]string) []string) error {
	return e.access.Use(ctx, ask, func(v *keystore.Vault) error {
		trust := inventory.TrustOf(v, keyID)
		old := trust.Endpoints
		trust.Endpoints = edit(slices.Clone(old))
		switch {
		case slices.Equal(old, trust.Endpoints):
			return nil
		case len(trust.Endpoints) == 0:
			return v.Remove(trust.ID())
		}
		return inventory.StoreFacts(v, &trust)
	})
}
