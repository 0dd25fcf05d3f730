package agent

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/credproc/config"
	"github.com/mfad/mfad/credproc/flight"
	"github.com/mfad/mfad/keystore"
)

// Trust is kept in the vault, under its MAC: one item for each access key id,
// whether the key itself is in the vault or in a file, with the endpoints in a
// fact and no content.
const endpointsFact = "endpoints"

// Endpoint asks once whether an access key may be used with an endpoint that
// is not AWS's, and remembers a yes.
func (s *Service) Endpoint(ctx context.Context, keyID, raw string, ask credproc.Asker) error {
	endpoint, err := canonicalEndpoint(raw)
	if err != nil {
		return err
	}
	if err := s.verifyVault(ctx, ask); err != nil {
		return err
	}
	if slices.Contains(s.trustedEndpoints(keyID), endpoint) {
		return nil
	}
	_, err = s.trusting.Do(ctx, keyID+" "+endpoint, ask, func(ctx context.Context, waiters *flight.Waiters[credproc.Asker]) (none, error) {
		ask := credproc.Relay(waiters)
		yes, err := ask.Confirm(ctx, trustQuestion(keyID, endpoint))
		if err != nil {
			return none{}, fmt.Errorf("%w: %s is not AWS's, and access key %s was never used with it: %w", credproc.ErrUntrustedEndpoint, endpoint, keyID, err)
		}
		if !yes {
			return none{}, fmt.Errorf("%w: %s was declined for access key %s", credproc.ErrUntrustedEndpoint, endpoint, keyID)
		}
		return none{}, s.trust(ctx, keyID, endpoint, ask)
	})
	return err
}

// verifyVault makes sure that the public facts in which trust is kept are
// those that were written: it unlocks the vault unless that was done before.
func (s *Service) verifyVault(ctx context.Context, ask credproc.Asker) error {
	if s.door.trusted() {
		return nil
	}
	_, err := s.door.unlocked(ctx, ask)
	return err
}

func trustQuestion(keyID, endpoint string) string {
	open := ""
	if strings.HasPrefix(endpoint, "http:") {
		open = ", and the connection is not encrypted"
	}
	return fmt.Sprintf("Send requests signed by access key %s, and MFA codes, to %s? It is not AWS%s.", keyID, endpoint, open)
}

func (s *Service) keyTrust(ctx context.Context, r *request, p wire.KeyTrustParams) (none, error) {
	endpoint, err := canonicalEndpoint(p.Endpoint)
	if err != nil {
		return none{}, err
	}
	v, err := s.door.open(ctx)
	if err != nil {
		return none{}, err
	}
	item, found := keyOfID(v, p.Name) // which is what the refusal of an endpoint tells
	if !found {
		if item, err = findKey(v, p.Name); err != nil {
			return none{}, err
		}
	}
	id := item.Facts[keyIDFact]
	if !p.Revoke {
		return none{}, s.trust(ctx, id, endpoint, r.ask)
	}
	if !slices.Contains(s.trustedEndpoints(id), endpoint) {
		return none{}, fmt.Errorf("%w: access key %q does not trust %s", keystore.ErrNoItem, p.Name, endpoint)
	}
	s.forgetAll() // what came from there is not trusted either
	return none{}, s.alterTrust(ctx, id, r.ask, func(endpoints []string) []string {
		return slices.DeleteFunc(endpoints, func(e string) bool { return e == endpoint })
	})
}

// trust remembers that an access key may be used with an endpoint.
func (s *Service) trust(ctx context.Context, keyID, endpoint string, ask credproc.Asker) error {
	return s.alterTrust(ctx, keyID, ask, func(endpoints []string) []string {
		if slices.Contains(endpoints, endpoint) {
			return endpoints
		}
		return append(endpoints, endpoint)
	})
}

func (s *Service) distrustAll(ctx context.Context, keyID string, ask credproc.Asker) error {
	return s.alterTrust(ctx, keyID, ask, func([]string) []string { return nil })
}

// alterTrust changes the list of endpoints of an access key.
func (s *Service) alterTrust(ctx context.Context, keyID string, ask credproc.Asker, edit func([]string) []string) error {
	return s.door.use(ctx, ask, func(v *keystore.Vault) error {
		item, found := v.Find(keystore.KindTrust, trustName(keyID))
		old := endpointsOf(item)
		endpoints := edit(slices.Clone(old))
		switch {
		case slices.Equal(old, endpoints):
			return nil
		case len(endpoints) == 0:
			return v.Remove(item.ID)
		}
		facts := map[string]string{endpointsFact: strings.Join(endpoints, " ")}
		if found {
			return v.SetFacts(item.ID, facts)
		}
		_, err := v.Put(keystore.Item{Name: trustName(keyID), Kind: keystore.KindTrust, Facts: facts}, nil)
		return err
	})
}

// trustName is the name of an identity's item: an access key id, or a digest of
// what cannot be a name, such as the command line of a process.
func trustName(identity string) string {
	if config.ValidName(identity) {
		return identity
	}
	return fmt.Sprintf("sha256:%.28x", sha256.Sum256([]byte(identity)))
}

func endpointsOf(item keystore.Item) []string { return strings.Fields(item.Facts[endpointsFact]) }

// trustedEndpoints reads the list from the vault, if it is open.
func (s *Service) trustedEndpoints(keyID string) []string {
	v := s.door.opened()
	if v == nil {
		return nil
	}
	item, _ := v.Find(keystore.KindTrust, trustName(keyID))
	return endpointsOf(item)
}

func canonicalEndpoints(raw []string) ([]string, error) {
	var endpoints []string
	for _, each := range raw {
		endpoint, err := canonicalEndpoint(each)
		if err != nil {
			return nil, err
		}
		endpoints = append(endpoints, endpoint)
	}
	return endpoints, nil
}

// canonicalEndpoint writes a URL in one way, so that trust in one spelling is
// trust in all, and in no other host.
func canonicalEndpoint(raw string) (string, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.Hostname() == "" || u.Opaque != "" || (u.Scheme != "http" && u.Scheme != "https") {
		return "", wire.Errorf(wire.ErrBadRequest, "%.80q is not an endpoint: write https://HOST or https://HOST:PORT", raw)
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", wire.Errorf(wire.ErrBadRequest, "an endpoint has no user, query or fragment: write https://HOST or https://HOST:PORT")
	}
	host := strings.ToLower(u.Host)
	host = strings.TrimSuffix(host, map[string]string{"http": ":80", "https": ":443"}[u.Scheme])
	return u.Scheme + "://" + host + strings.TrimRight(u.EscapedPath(), "/"), nil
}
