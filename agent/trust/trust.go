// Package trust knows which routes the person has vouched for: the requests of an
// access key, and the codes that go with it, go to AWS, and to or by no other host
// that nobody has proved to be wanted ([vault.Access.Prove]). Whoever names the
// endpoint, a proxy or a CA bundle could harvest a code.
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

	"github.com/mfad/mfad/agent/audit"
	"github.com/mfad/mfad/agent/inventory"
	"github.com/mfad/mfad/agent/vault"
	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/credproc/flight"
	"github.com/mfad/mfad/internal/errcode"
	"github.com/mfad/mfad/internal/line"
	"github.com/mfad/mfad/keystore"
)

// Endpoints are the endpoints that are trusted, per identity. It is safe for
// concurrent use.
type Endpoints struct {
	access *vault.Access
	log    *audit.Log
	asking flight.Group[question, credproc.Asker, struct{}]
}

var _ credproc.Trust = (*Endpoints)(nil)

// New returns the endpoints of which a vault tells. The caller closes it.
func New(access *vault.Access, log *audit.Log) *Endpoints {
	return &Endpoints{access: access, log: log}
}

// Close withdraws questions that are open, and waits for that.
func (e *Endpoints) Close() { e.asking.Close() }

// question is what a person is asked, once for all who wait for it.
type question struct {
	identity string
	route    credproc.Route
	text     string // the route as the vault has it
}

// Route implements [credproc.Trust]: it has somebody prove once that requests of an
// access key may take a route, and remembers it.
func (e *Endpoints) Route(ctx context.Context, keyID string, r credproc.Route, ask credproc.Asker) error {
	text, err := write(r)
	if err != nil {
		return err
	}
	if err := e.access.Verify(ctx, ask); err != nil {
		return err
	}
	if slices.Contains(e.Of(keyID), text) {
		return nil
	}
	q := question{keyID, r, text}
	_, err = e.asking.Do(ctx, q, ask, func(ctx context.Context, waiters *flight.Waiters[credproc.Asker]) (struct{}, error) {
		return struct{}{}, e.vouched(ctx, q, credproc.Relay(waiters))
	})
	return err
}

// Method is what the audit file calls it when a route comes to be trusted.
const Method = "key.trust"

// vouched is [Endpoints.put] for what the audit file can tell of: before, and after.
func (e *Endpoints) vouched(ctx context.Context, q question, ask credproc.Asker) error {
	event := audit.Event{What: Method, Lasts: true, Subject: audit.Subject{KeyID: q.identity, Action: q.text}}
	if err := e.log.Ask(ctx, event); err != nil {
		return err
	}
	event.Err = e.put(ctx, q, ask)
	_ = e.log.Write(ctx, event) // status says so if it cannot
	return event.Err
}

// put has it proved, and remembers it.
func (e *Endpoints) put(ctx context.Context, q question, ask credproc.Asker) error {
	if err := e.access.Prove(ctx, ask, vault.Act{Why: Why(q.identity, q.route)}); err != nil {
		err = fmt.Errorf("%w: access key %s was never used with %s: %w", credproc.ErrUntrustedEndpoint, q.identity, q.route, err)
		return e.named(q, err)
	}
	return e.add(ctx, q.identity, q.text, ask)
}

// named has an error name the key and the endpoint, where an endpoint is all that the
// route is.
func (e *Endpoints) named(q question, err error) error {
	if q.route != (credproc.Route{URL: q.route.URL}) {
		return err
	}
	err = errcode.With(errcode.With(err, "endpoint", q.route.URL), "identity", q.identity)
	if v := e.access.Opened(); v != nil {
		if key, found := inventory.KeyOfID(v, q.identity); found {
			err = errcode.With(err, "key", key.Name)
		}
	}
	return err
}

// Why is what is proved before an identity trusts a route: the end of a sentence.
func Why(identity string, r credproc.Route) string {
	why := fmt.Sprintf("to send requests of access key %s, and MFA codes, to %s", line.Short(identity, 64), r)
	if strings.HasPrefix(r.URL, "http:") {
		why += ", not encrypted"
	}
	return why
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

// Add remembers that an access key may be used with a route. Who asks has proved
// that they may.
func (e *Endpoints) Add(ctx context.Context, keyID string, r credproc.Route, ask credproc.Asker) error {
	text, err := write(r)
	if err != nil {
		return err
	}
	return e.add(ctx, keyID, text, ask)
}

func (e *Endpoints) add(ctx context.Context, keyID, text string, ask credproc.Asker) error {
	return e.alter(ctx, keyID, ask, func(routes []string) []string {
		if slices.Contains(routes, text) {
			return routes
		}
		return append(routes, text)
	})
}

// Remove forgets what [Endpoints.Add] remembers. It wraps [keystore.ErrNoItem].
func (e *Endpoints) Remove(ctx context.Context, keyID string, r credproc.Route, ask credproc.Asker) error {
	text, err := write(r)
	if err != nil {
		return err
	}
	if !slices.Contains(e.Of(keyID), text) {
		return fmt.Errorf("%w: access key %s does not trust %s", keystore.ErrNoItem, keyID, r)
	}
	return e.alter(ctx, keyID, ask, func(routes []string) []string {
		return slices.DeleteFunc(routes, func(each string) bool { return each == text })
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
