package client_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mfad/mfad/agent/client"
	"github.com/mfad/mfad/agent/server"
	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/proctest"
)

// document is about as long as credentials are: 1 KB. Each answer has its own, for
// writing one wipes it.
func document() *wire.CredentialsResult {
	return &wire.CredentialsResult{Document: []byte(text)}
}

var text = `{"SessionToken":"` + strings.Repeat("x", 1000) + `"}`

const benchClients = 50

// answering serves document in this process until the benchmark ends.
func answering(b *testing.B) client.Options {
	b.Helper()
	path := filepath.Join(proctest.Folder(b), "agent.sock")
	ln, err := server.Listen(path)
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error)
	go func() {
		done <- server.Serve(ctx, ln, func(context.Context, *server.Conn, wire.Call, string) (any, error) {
			return document(), nil
		}, server.Options{})
	}()
	b.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			b.Error(err)
		}
		if err := ln.Release(); err != nil {
			b.Error(err)
		}
	})
	return client.Options{Socket: path, Version: "bench", NoStart: true}
}

// spread has n units of work done by the clients, and reports their rate.
func spread(b *testing.B, work func(next func() bool) error) {
	units := make(chan struct{})
	var all sync.WaitGroup
	b.ResetTimer()
	for range benchClients {
		all.Go(func() {
			err := work(func() bool { _, ok := <-units; return ok })
			if err != nil {
				b.Error(err)
				for range units {
				}
			}
		})
	}
	for range b.N {
		units <- struct{}{}
	}
	close(units)
	all.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "req/s")
}

func credentials(c *client.Client) error {
	var r wire.CredentialsResult
	return c.Call(context.Background(), wire.MethodCredentials, wire.CredentialsParams{Profile: "prod"}, &r)
}

// BenchmarkRequests: 50 clients, each with a connection that it keeps.
func BenchmarkRequests(b *testing.B) {
	o := answering(b)
	spread(b, func(next func() bool) error {
		c, err := client.Dial(context.Background(), o)
		if err != nil {
			return err
		}
		defer func() { _ = c.Close() }()
		for next() {
			if err := credentials(c); err != nil {
				return err
			}
		}
		return nil
	})
}

// BenchmarkConnectRequest: 50 clients, each with a new connection for each request.
func BenchmarkConnectRequest(b *testing.B) {
	o := answering(b)
	spread(b, func(next func() bool) error {
		for next() {
			c, err := client.Dial(context.Background(), o)
			if err != nil {
				return err
			}
			if err := credentials(c); err != nil {
				return err
			}
			if err := c.Close(); err != nil {
				return err
			}
		}
		return nil
	})
}

// BenchmarkProcess is the median time of a whole process that does one round
// trip with Dial and Call, and its ratio to the minimal program's, both run in
// turn.
func BenchmarkProcess(b *testing.B) {
	o := answering(b)
	minimal := filepath.Join(b.TempDir(), "minimal")
	build := exec.Command("go", "build", "-trimpath", "-o", minimal, "./minimal")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	ours := filepath.Join(b.TempDir(), "ours")
	build = exec.Command("go", "build", "-trimpath", "-o", ours, "./testdata/ours")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	least, own := make([]time.Duration, 0, b.N), make([]time.Duration, 0, b.N)
	for b.Loop() {
		least = append(least, run(b, minimal, o.Socket))
		own = append(own, run(b, ours, o.Socket))
	}
	b.ReportMetric(median(least).Seconds()*1e3, "minimal-ms")
	b.ReportMetric(median(own).Seconds()*1e3, "ours-ms")
	b.ReportMetric(median(own).Seconds()/median(least).Seconds(), "ratio")
}

func run(b *testing.B, program, socket string) time.Duration {
	start := time.Now()
	cmd := exec.Command(program, socket, wire.MethodCredentials, `{"profile":"prod"}`)
	if err := cmd.Run(); err != nil {
		b.Fatalf("%s: %v", program, err)
	}
	return time.Since(start)
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}
