package client_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/mfad/mfad/agent/client"
)

func TestDialStartsAnAgentOnDemand(t *testing.T) {
	o := demand(t, "plain")
	c, err := client.Dial(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	var pid int
	if err := c.Call(t.Context(), "pid", nil, &pid); err != nil {
		t.Fatal(err)
	}
	if pid == os.Getpid() || pid == 0 {
		t.Errorf("the agent runs as process %d", pid)
	}
	var folder string
	if err := c.Call(t.Context(), "folder", nil, &folder); err != nil || folder != "/" {
		t.Errorf("the agent stands in %q, %v", folder, err)
	}
	for name, mode := range map[string]os.FileMode{filepath.Dir(o.Socket): 0o700, o.Socket: 0o600, o.Log: 0o600} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != mode {
			t.Errorf("%s has mode %o, not %o", name, info.Mode().Perm(), mode)
		}
	}
}

func TestThousandCallersStartOneAgent(t *testing.T) {
	o := demand(t, "plain")
	pids := make([]int, 1000)
	var all sync.WaitGroup
	for i := range pids {
		all.Go(func() {
			c, err := client.Dial(t.Context(), o)
			if err != nil {
				t.Error(err)
				return
			}
			defer func() { _ = c.Close() }()
			if err := c.Call(t.Context(), "pid", nil, &pids[i]); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	slices.Sort(pids)
	if got := slices.Compact(pids); len(got) != 1 {
		t.Errorf("answers came from the processes %v", got)
	}
	if got := started(t, o); len(got) != 1 {
		t.Errorf("%d agents listened: %v", len(got), got)
	}
}

func TestAgentThatFailsToStartSaysWhy(t *testing.T) {
	for kind, want := range map[string]string{
		"broken": "reading the ledger: it is damaged",
		"mute":   "it ended at once: see ",
	} {
		t.Run(kind, func(t *testing.T) {
			o := demand(t, kind)
			_, err := client.Dial(t.Context(), o)
			if !errors.Is(err, client.ErrNotStarted) || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestAgentThatDiesInACallIsGone(t *testing.T) {
	o := demand(t, "plain")
	c, err := client.Dial(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if err := c.Call(t.Context(), "die", nil, nil); !errors.Is(err, client.ErrAgentGone) {
		t.Errorf("got %v", err)
	}
	if err := c.Call(t.Context(), "pid", nil, nil); !errors.Is(err, client.ErrAgentGone) {
		t.Errorf("afterwards got %v", err)
	}
	// Its socket is left behind; the next caller starts another.
	again, err := client.Dial(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = again.Close() }()
	if err := again.Call(t.Context(), "pid", nil, nil); err != nil {
		t.Error(err)
	}
	if got := started(t, o); len(got) != 2 {
		t.Errorf("%d agents listened", len(got))
	}
}
