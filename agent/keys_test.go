package agent

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/internal/durable"
	"github.com/mfad/mfad/internal/errcode"
)

const (
	keyID     = "AKIAIOSFODNN7EXAMPLE"
	otherID   = "AKIAI44QH8DHBEXAMPLE"
	secretKey = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
)

// openBench is a bench with a vault that a keychain opens silently.
func openBench(t testing.TB) *bench {
	t.Helper()
	return openBenchOn(t, durable.OS)
}

// openBenchOn is openBench on another file system.
func openBenchOn(t testing.TB, fsys durable.FS) *bench {
	t.Helper()
	b := newBench(t)
	b.fs = fsys
	b.restart(t)
	b.keychain.open = true
	b.must(t, nobody, wire.MethodVaultCreate, nil, nil)
	return b
}

func TestKeysComeAndGo(t *testing.T) {
	b := openBench(t)
	imported := wire.KeyImportParams{Name: "base", AccessKeyID: keyID, Secret: []byte(secretKey), Trust: []string{"HTTPS://Sts.Example.com:443/"}}
	var key wire.Key
	b.must(t, nobody, wire.MethodKeyImport, imported, &key)
	if key.AccessKeyID != keyID || !slices.Equal(key.Trust, []string{"https://sts.example.com"}) {
		t.Errorf("got %+v", key)
	}
	got, err := b.keys.AccessKey(t.Context(), "base", nobody.asker())
	if err != nil {
		t.Fatal(err)
	}
	if got.ID != keyID || string(got.Secret) != secretKey {
		t.Error("the vault gives back another key")
	}
	got.Close()
	got.Close()

	again := imported
	if text := b.refused(t, nobody, errcode.ItemExists, wire.MethodKeyImport, again); !strings.Contains(text, keyID) {
		t.Errorf("the refusal %q does not say which key is there", text)
	}
	again.Name = "twin"
	b.refused(t, nobody, errcode.ItemExists, wire.MethodKeyImport, again)
	b.must(t, nobody, wire.MethodKeyImport, wire.KeyImportParams{Name: "base", AccessKeyID: otherID, Secret: []byte(secretKey), Replace: true}, nil)
	var keys []wire.Key
	b.must(t, nobody, wire.MethodKeyList, nil, &keys)
	if len(keys) != 1 {
		t.Fatalf("got %+v, want one key", keys)
	}
	key = keys[0]
	if key.AccessKeyID != otherID || len(key.Trust) != 0 {
		t.Errorf("the new key is %+v: trust is an access key id's", key)
	}
	b.must(t, nobody, wire.MethodKeyRemove, wire.NameParams{Name: "base"}, nil)
	b.refused(t, nobody, errcode.NoKey, wire.MethodKeyRemove, wire.NameParams{Name: "base"})
}

func TestKeysThatCannotBeOnesAreRefused(t *testing.T) {
	good := wire.KeyImportParams{Name: "base", AccessKeyID: keyID, Secret: []byte(secretKey)}
	for name, test := range map[string]struct {
		change func(p *wire.KeyImportParams)
		says   string
	}{
		"temporary":       {func(p *wire.KeyImportParams) { p.AccessKeyID = "ASIAIOSFODNN7EXAMPLE" }, "temporary"},
		"user id":         {func(p *wire.KeyImportParams) { p.AccessKeyID = "AIDAIOSFODNN7EXAMPLE" }, "access key ID is not one"},
		"short id":        {func(p *wire.KeyImportParams) { p.AccessKeyID = "AKIA123" }, "access key ID is not one"},
		"newline":         {func(p *wire.KeyImportParams) { p.AccessKeyID = keyID + "\n" }, "access key ID is not one"},
		"short secret":    {func(p *wire.KeyImportParams) { p.Secret = []byte(secretKey[:39]) }, "39 characters"},
		"odd secret":      {func(p *wire.KeyImportParams) { p.Secret = []byte(secretKey[:39] + "!") }, "secret access key is not one"},
		"no name":         {func(p *wire.KeyImportParams) { p.Name = "" }, "name"},
		"control in name": {func(p *wire.KeyImportParams) { p.Name = "a\x1bb" }, "name"},
		"odd endpoint":    {func(p *wire.KeyImportParams) { p.Trust = []string{"sts.example.com"} }, "not an endpoint"},
		"endpoint's user": {func(p *wire.KeyImportParams) { p.Trust = []string{"https://a:b@c"} }, "no user"},
	} {
		t.Run(name, func(t *testing.T) {
			p := good
			p.Secret = slices.Clone(good.Secret)
			test.change(&p)
			secret := string(p.Secret)
			text := newBench(t).refused(t, nobody, errcode.BadRequest, wire.MethodKeyImport, p)
			if !strings.Contains(text, test.says) || strings.ContainsAny(text, "\n\x1b") {
				t.Errorf("got %q, want one line that says %q", text, test.says)
			}
			if strings.Contains(text, secret) || strings.Contains(text, "a:b") {
				t.Error("the refusal tells the secret")
			}
		})
	}
}

func TestEndpointIsTrustedOnceAskedAndForEachKey(t *testing.T) {
	b := openBench(t)
	b.must(t, nobody, wire.MethodKeyImport, wire.KeyImportParams{Name: "base", AccessKeyID: keyID, Secret: []byte(secretKey)}, nil)
	const endpoint = "http://127.0.0.1:4566"
	trusted := func(p *person, keyID string) error {
		return b.trust.Route(t.Context(), keyID, credproc.Route{URL: endpoint}, b.asker(p))
	}

	b.desk.sit(false)
	for name, p := range map[string]*person{"nobody": nobody, "whoever says yes over the connection": yesman()} {
		if err := cross(trusted(p, keyID)); err.Code != errcode.UntrustedEndpoint {
			t.Errorf("%s: got %v", name, err)
		}
	}
	b.desk.sit(true)
	if err := trusted(nobody, keyID); err != nil {
		t.Fatal(err)
	}
	want := []string{"consent: to send requests of access key " + keyID + ", and MFA codes, to " + endpoint + ", not encrypted | "}
	if !slices.Equal(b.desk.asked, want) {
		t.Errorf("asked %q", b.desk.asked)
	}
	b.desk.sit(false)
	b.restart(t)
	if err := trusted(nobody, keyID); err != nil {
		t.Errorf("a new agent does not remember: %v", err)
	}
	if err := trusted(nobody, otherID); err == nil {
		t.Error("one key's trust serves another")
	}
	b.must(t, nobody, wire.MethodKeyTrust, wire.KeyTrustParams{Name: "base", Endpoint: endpoint + "/", Revoke: true}, nil)
	if err := trusted(nobody, keyID); err == nil {
		t.Error("trust that was taken back is there")
	}
	b.refused(t, nobody, errcode.NoItem, wire.MethodKeyTrust, wire.KeyTrustParams{Name: "base", Endpoint: endpoint, Revoke: true})
	for _, endpoint := range []string{"aws", endpoint} { // that there is no such key comes first
		b.refused(t, nobody, errcode.NoKey, wire.MethodKeyTrust, wire.KeyTrustParams{Name: "bse", Endpoint: endpoint})
	}
	b.desk.sit(true)
	b.must(t, nobody, wire.MethodKeyTrust, wire.KeyTrustParams{Name: keyID, Endpoint: endpoint}, nil)
	if err := trusted(nobody, keyID); err != nil {
		t.Error(err)
	}
	b.must(t, nobody, wire.MethodKeyRemove, wire.NameParams{Name: "base"}, nil)
	b.desk.sit(false)
	if err := trusted(nobody, keyID); err == nil {
		t.Error("trust outlives its key")
	}
}

// A proxy, and a CA bundle, each make another route; trust in one is not trust in
// another, and what was trusted before there were such routes is a plain endpoint.
func TestTrustIsForTheWholeRoute(t *testing.T) {
	b := openBench(t)
	bundle := strings.Repeat("c0ffee00", 8)
	routes := []credproc.Route{
		{URL: "https://x.example"},
		{URL: "https://x.example", Proxy: "http://p:3128"},
		{URL: "https://x.example", CA: bundle},
		{Proxy: "http://p:3128"},
		{CA: bundle},
		{Proxy: "http://p:3128", CA: bundle},
	}
	for i, route := range routes {
		b.desk.sit(false)
		for j, other := range routes {
			if err := b.trust.Route(t.Context(), keyID, other, b.asker(yesman())); (err == nil) != (j < i) {
				t.Errorf("with %d trusted, %s: got %v", i, other, err)
			}
		}
		b.desk.sit(true)
		if err := b.trust.Route(t.Context(), keyID, route, b.asker(nobody)); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{
		"https://x.example", "https://x.example;proxy=http://p:3128", "https://x.example;ca=sha256:" + bundle,
		"aws;proxy=http://p:3128", "aws;ca=sha256:" + bundle, "aws;proxy=http://p:3128;ca=sha256:" + bundle,
	}
	if got := b.trust.Of(keyID); !slices.Equal(got, want) {
		t.Errorf("the vault has %q", got)
	}
}

// Trust stands in clear in vault.json: who can write there could add to it.
func TestTrustIsNotBelievedBeforeTheVaultHasProvedIt(t *testing.T) {
	b := newBench(t)
	b.withVault(t)
	b.must(t, knows(passphrase), wire.MethodVaultUnlock, nil, nil)
	const endpoint = "https://sts.example.com"
	if err := b.trust.Add(t.Context(), keyID, credproc.Route{URL: endpoint}, nobody.asker()); err != nil {
		t.Fatal(err)
	}
	b.restart(t)
	if err := cross(b.trust.Route(t.Context(), keyID, credproc.Route{URL: endpoint}, nobody.asker())); err.Code != errcode.NoPrompt {
		t.Errorf("got %v, want the vault to be unlocked first", err)
	}
	if err := b.trust.Route(t.Context(), keyID, credproc.Route{URL: endpoint}, knows(passphrase).asker()); err != nil {
		t.Error(err)
	}
}

// slowDisk is a disk on which the vault cannot be read until it is let.
type slowDisk struct {
	durable.FS
	reading chan<- struct{}
	let     <-chan struct{}
}

func (d slowDisk) ReadFile(name string) ([]byte, error) {
	if filepath.Base(name) == "vault.json" {
		d.reading <- struct{}{}
		<-d.let
	}
	return d.FS.ReadFile(name)
}

// The vault is opened by one caller at a time, and making one takes a second.
func TestCallerWhoLeavesWaitsForNoVault(t *testing.T) {
	b := newBench(t)
	b.withVault(t)
	b.write(t, "[profile prod]\nmfad_access_key = base\n")
	reading, let, shown := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	b.fs = slowDisk{durable.OS, reading, let}
	b.restart(t)
	go func() { shown <- b.call(t, nobody, wire.MethodVaultShow, nil, nil) }()
	<-reading
	ctx, leave := context.WithCancel(t.Context())
	leave()
	err := b.callContext(ctx, t, nobody, wire.MethodCredentials, wire.CredentialsParams{Profile: "prod"}, nil)
	if !errors.Is(err, errcode.Dismissed) {
		t.Errorf("got %v, want the caller's own end", err)
	}
	close(let)
	if err := <-shown; err != nil {
		t.Error(err)
	}
}
