package cmd_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mfad/mfad/agent/client"
	"github.com/mfad/mfad/agent/wire"
)

// The processes that a warm call is measured against: in the same run, in
// turn, so that noise falls on all of them.
type runner struct {
	name string
	env  []string
	argv []string
}

func (h *home) runners() []runner {
	h.Helper()
	params := `{"profile":"prod"}`
	rs := []runner{
		{"true", h.env, []string{"/bin/true"}},
		{"minimal", h.env, []string{program(h.TB, "minimal"), h.path(".local/state/mfad/run/agent.sock"), wire.MethodCredentials, params}},
		{"mfad", h.env, []string{program(h.TB, "mfad"), "credentials", "--profile", "prod"}},
	}
	if path, err := exec.LookPath("aws-vault"); err == nil {
		rs = append(rs, h.awsVault(path))
	}
	return rs
}

// awsVault hands out a stored key from its file backend, without a session:
// the least that it can do.
func (h *home) awsVault(path string) runner {
	h.Helper()
	env := append(slices.Clone(h.env), "AWS_VAULT_BACKEND=file", "AWS_VAULT_FILE_PASSPHRASE=benchmark", "AWS_VAULT_FILE_DIR="+h.path("aws-vault"))
	add := run(h.TB, append(slices.Clone(env), "AWS_ACCESS_KEY_ID="+h.key.ID, "AWS_SECRET_ACCESS_KEY="+h.key.Secret), "", path, "add", "bench", "--env")
	if add.code != 0 {
		h.Fatalf("aws-vault add: %v", add)
	}
	return runner{"aws-vault", env, []string{path, "export", "--no-session", "--format=json", "bench"}}
}

// once runs the process to its end; what it prints is thrown away.
func (r runner) once() error {
	cmd := exec.Command(r.argv[0], r.argv[1:]...)
	cmd.Env = r.env
	return cmd.Run()
}

// warm is a home whose agent holds the session that the benchmarks ask for.
func warm(b *testing.B) *home {
	b.Helper()
	h := newHome(b).furnish()
	h.do("", "credentials", "--profile", "prod")
	return h
}

// BenchmarkWarmProcess is the whole life of one `mfad credentials` beside the
// minimal Go program that does one JSON round trip with the same agent.
func BenchmarkWarmProcess(b *testing.B) { compare(b, 1) }

// BenchmarkFiftyWarmProcesses is the same for 50 at once; the figure is the
// time until the last has ended.
func BenchmarkFiftyWarmProcesses(b *testing.B) { compare(b, 50) }

func compare(b *testing.B, crowd int) {
	h := warm(b)
	runners := h.runners()
	times := make([][]time.Duration, len(runners))
	for b.Loop() {
		for i, r := range runners {
			times[i] = append(times[i], atOnce(b, crowd, r.once))
		}
	}
	b.ReportMetric(0, "ns/op") // an iteration runs all of them: its time says nothing
	medians := map[string]float64{}
	for i, r := range runners {
		slices.Sort(times[i])
		medians[r.name] = times[i][len(times[i])/2].Seconds() * 1e3
		b.ReportMetric(medians[r.name], r.name+"-ms")
	}
	b.ReportMetric(medians["mfad"]/medians["minimal"], "mfad/minimal")
}

// atOnce runs f n times side by side and returns how long all of them took.
func atOnce(b *testing.B, n int, f func() error) time.Duration {
	b.Helper()
	var wg sync.WaitGroup
	start := time.Now()
	for range n {
		wg.Go(func() {
			if err := f(); err != nil {
				b.Error(err)
			}
		})
	}
	wg.Wait()
	return time.Since(start)
}

// The clients of the throughput benchmarks.
const clientsAtOnce = 50

// BenchmarkAgentKept is requests over 50 kept connections to the real agent.
func BenchmarkAgentKept(b *testing.B) {
	h := warm(b)
	throughput(b, h, func(requests <-chan struct{}) error {
		c, err := h.dial()
		if err != nil {
			return err
		}
		defer c.Close()
		for range requests {
			if err := fetch(c); err != nil {
				return err
			}
		}
		return nil
	})
}

// BenchmarkAgentConnect is 50 clients that connect anew for each request.
func BenchmarkAgentConnect(b *testing.B) {
	h := warm(b)
	throughput(b, h, func(requests <-chan struct{}) error {
		for range requests {
			c, err := h.dial()
			if err != nil {
				return err
			}
			err = fetch(c)
			c.Close()
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func (h *home) dial() (*client.Client, error) {
	return client.Dial(context.Background(), client.Options{Socket: h.path(".local/state/mfad/run/agent.sock"), NoStart: true})
}

func fetch(c *client.Client) error {
	var r wire.CredentialsResult
	return c.Call(context.Background(), wire.MethodCredentials, wire.CredentialsParams{Profile: "prod"}, &r)
}

// throughput shares b.N requests among the clients and reports their rate, and
// the agent's memory after them.
func throughput(b *testing.B, h *home, serve func(<-chan struct{}) error) {
	requests := make(chan struct{}, 4*clientsAtOnce)
	var wg sync.WaitGroup
	b.ResetTimer()
	for range clientsAtOnce {
		wg.Go(func() {
			if err := serve(requests); err != nil {
				b.Error(err)
				for range requests { // let the sender end
				}
			}
		})
	}
	for range b.N {
		requests <- struct{}{}
	}
	close(requests)
	wg.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
	b.ReportMetric(h.resident(), "agent-MB")
}

// resident is the agent's resident memory in megabytes.
func (h *home) resident() float64 {
	h.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", h.agentPID()))
	if err != nil {
		h.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		var kB float64
		if n, _ := fmt.Sscanf(line, "VmRSS: %f kB", &kB); n == 1 {
			return kB / 1024
		}
	}
	h.Fatal("no VmRSS in /proc/PID/status")
	return 0
}
