package agent_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/mfad/mfad/agent"
	"github.com/mfad/mfad/agent/client"
	"github.com/mfad/mfad/agent/server"
	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/credproc/config"
	"github.com/mfad/mfad/credproc/sourcetest"
	"github.com/mfad/mfad/credproc/sts"
)

// withSource is a client of an agent that has a source which no package of it
// knows.
func withSource(t *testing.T, source credproc.Source, profiles string) *client.Client {
	t.Helper()
	dir := t.TempDir()
	paths := config.Paths{Mfad: filepath.Join(dir, "profiles"), Config: os.DevNull, Credentials: os.DevNull}
	if err := os.WriteFile(paths.Mfad, []byte(profiles), 0o600); err != nil {
		t.Fatal(err)
	}
	nothing := func(string) string { return "" }
	service, err := agent.New(agent.Options{
		Home:    agent.Home{Vault: filepath.Join(dir, "vault"), State: filepath.Join(dir, "state")},
		Config:  config.NewReader(paths, nothing, sourcetest.Rule),
		Sources: []credproc.Source{source},
		Dialer:  new(sts.Dialer), Environ: nothing, Stop: func() {},
	})
	if err != nil {
		t.Fatal(err)
	}
	ln, err := server.Listen(filepath.Join(dir, "run", "socket"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(ctx, ln, service.Handle, server.Options{}) })
	t.Cleanup(func() {
		stop()
		serving.Wait()
		if err := service.Close(); err != nil {
			t.Error(err)
		}
	})
	c, err := client.Dial(t.Context(), client.Options{Socket: ln.Path(), NoStart: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// A new kind of source is a room of its own and a word in the wiring.
func TestSourceOfAnUnknownKindIsServedAndShown(t *testing.T) {
	machine := new(sourcetest.Vending)
	c := withSource(t, machine, "[profile snacks]\nvending_machine = third-floor\n")
	for range 2 {
		var got wire.CredentialsResult
		if err := c.Call(t.Context(), wire.MethodCredentials, wire.CredentialsParams{Profile: "snacks"}, &got); err != nil {
			t.Fatal(err)
		}
		var document struct {
			AccessKeyID string `json:"AccessKeyId"`
		}
		if err := json.Unmarshal(got.Document, &document); err != nil || document.AccessKeyID != "ASIAVENDING00001" {
			t.Errorf("got key %s, %v", document.AccessKeyID, err)
		}
	}
	var chain wire.Chain
	if err := c.Call(t.Context(), wire.MethodProfileShow, wire.ProfileShowParams{Profile: "snacks"}, &chain); err != nil {
		t.Fatal(err)
	}
	step := chain.Steps[0]
	if step.Kind != string(sourcetest.Kind) || len(step.Settings) != 1 || step.Settings[0].Text != "third-floor" || step.Session == nil {
		t.Errorf("profile show: %+v", chain.Steps)
	}
	var sessions []wire.Session
	if err := c.Call(t.Context(), wire.MethodSessionList, nil, &sessions); err != nil {
		t.Fatal(err)
	}
	if len(sessions) != 1 || sessions[0].Identity != "third-floor" {
		t.Errorf("session list: %+v", sessions)
	}
}
