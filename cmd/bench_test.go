package cmd_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mfad/mfad/agent/client"
	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/credproc/awstest"
)

// The processes that a call is measured against: in the same run, in turn, so
// that noise falls on all of them.
type runner struct {
	name string
	env  []string
	argv []string
}

func (h *home) runners() []runner {
	h.Helper()
	trip := []string{h.path(".local/state/mfad/run/agent.sock"), wire.MethodCredentials, `{"profile":"prod"}`}
	rs := []runner{
		{"true", h.env, []string{"/bin/true"}},
		{"c", h.env, append([]string{minimalC(h.TB)}, trip...)},
		{"minimal", h.env, append([]string{program(h.TB, "minimal")}, trip...)},
		{"mfad", h.env, []string{program(h.TB, "mfad"), "credentials", "--profile", "prod"}},
	}
	if path, err := exec.LookPath("aws-vault"); err == nil {
		rs = append(rs, h.awsVault(path))
	}
	return rs
}

// minimalC builds the floor: a static C program for the same round trip.
func minimalC(tb testing.TB) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "minimal-c")
	out, err := exec.Command("cc", "-O2", "-static", "-o", path, "../agent/client/minimal/testdata/minimal.c").CombinedOutput()
	if err != nil {
		tb.Fatalf("building the C client: %v (run `sh .ci/deps test`)\n%s", err, out)
	}
	return path
}

// awsVault hands out a stored key from its file backend, without a session:
// the least that it can do.
func (h *home) awsVault(path string) runner {
	h.Helper()
	env := slices.Concat(h.env, []string{
		"AWS_VAULT_BACKEND=file", "AWS_VAULT_FILE_PASSPHRASE=benchmark", "AWS_VAULT_FILE_DIR=" + h.path("aws-vault"),
	})
	key := []string{"AWS_ACCESS_KEY_ID=" + h.key.ID, "AWS_SECRET_ACCESS_KEY=" + h.key.Secret}
	add := run(h.TB, slices.Concat(env, key), "", path, "add", "bench", "--env")
	if add.code != 0 {
		h.Fatalf("aws-vault add: %v", add)
	}
	return runner{"aws-vault", env, []string{path, "export", "--no-session", "--format=json", "bench"}}
}

// once runs the process to its end and returns the processor time that it took;
// what it prints is thrown away.
func (r runner) once() (time.Duration, error) {
	cmd := exec.Command(r.argv[0], r.argv[1:]...)
	cmd.Env = r.env
	err := cmd.Run()
	if err != nil {
		return 0, err
	}
	return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), nil
}

// warm is a home whose agent holds the session that the benchmarks ask for.
func warm(tb testing.TB) *home {
	tb.Helper()
	h := newHome(tb).furnish()
	h.do("", "credentials", "--profile", "prod")
	return h
}

// What mfad is measured against must speak today's protocol, or nothing is
// measured.
func TestYardsticksSpeakWithTheAgent(t *testing.T) {
	t.Parallel()
	for _, r := range warm(t).runners() {
		if _, err := r.once(); err != nil {
			t.Errorf("%s: %v", r.name, err)
		}
	}
}

// BenchmarkWarmProcess is the whole life of one `mfad credentials` beside the
// minimal Go program that does one JSON round trip with the same agent.
func BenchmarkWarmProcess(b *testing.B) {
	compare(b, 1)
	b.ReportMetric(float64(installedSize(b, "mfad"))/1e6, "mfad-MB")
}

// BenchmarkFiftyWarmProcesses is the same for 50 at once; the figure is the
// time until the last has ended.
func BenchmarkFiftyWarmProcesses(b *testing.B) { compare(b, 50) }

// leastRounds is how often the processes take turns, at the least: medians of a
// few rounds say little.
const leastRounds = 20

func compare(b *testing.B, crowd int) {
	runners := warm(b).runners()
	costs := costs{}
	for b.Loop() {
		for range leastRounds {
			for _, r := range runners {
				costs.add(r.name, atOnce(b, crowd, r.once))
			}
		}
	}
	costs.report(b)
	costs.ratio(b, "mfad", "minimal")
	costs.ratio(b, "c", "minimal")
}

// BenchmarkColdProcess is a call that the cache does not answer, with a role
// that asks for no code: by mfad, and by mfad-cli, which takes its place. What
// lies between them is beside a warm call, which does all that the door does
// before, and is a process more.
func BenchmarkColdProcess(b *testing.B) {
	h := warm(b)
	h.addRole("plain", awstest.Trust{Principals: []string{h.alice.ARN}}, "--source", "base")
	c, err := h.dial()
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	runners := []runner{
		{"mfad", h.env, []string{program(b, "mfad"), "credentials", "--profile", "plain"}},
		{"mfad-cli", h.env, []string{program(b, "mfad-cli"), "credentials", "--profile", "plain"}},
		{"warm", h.env, []string{program(b, "mfad"), "credentials", "--profile", "prod"}},
	}
	costs := costs{}
	for b.Loop() {
		for range leastRounds {
			for _, r := range runners {
				if err := c.Call(b.Context(), wire.MethodSessionForget, wire.SessionForgetParams{Profile: "plain"}, nil); err != nil {
					b.Fatal(err)
				}
				costs.add(r.name, atOnce(b, 1, r.once))
			}
		}
	}
	costs.report(b)
	costs.ratio(b, "mfad", "mfad-cli")
	costs.more(b, "mfad", "mfad-cli", "warm")
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
