package credproc_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/credproc/config"
)

// warm is a broker that has the role's session in its cache.
func warm(b *testing.B) (*credproc.Broker, credproc.Request) {
	steps := []config.Step{source("K"), mfaSession(phone), roleStep("prod")}
	chain := &config.Chain{Profile: "prod", Steps: steps}
	a := newAWS()
	a.latency = 0
	v := newVault()
	broker := credproc.New(credproc.Options{
		Resolve: func(context.Context, string, string) (*config.Chain, error) { return chain, nil },
		Keys:    v, Codes: v, Trust: trust{}, Dialer: a, Logger: slog.New(slog.DiscardHandler),
	})
	b.Cleanup(broker.Close)
	req := credproc.Request{Profile: "prod"}
	if _, err := broker.Credentials(context.Background(), req); err != nil {
		b.Fatal(err)
	}
	return broker, req
}

func BenchmarkWarmCredentials(b *testing.B) {
	broker, req := warm(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := broker.Credentials(context.Background(), req); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkWarmCredentialsContended(b *testing.B) {
	broker, req := warm(b)
	b.ReportAllocs()
	b.SetParallelism(50)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := broker.Credentials(context.Background(), req); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

// BenchmarkColdStampede is a thousand callers of one cold profile, for what
// they cost beside the one call to AWS.
func BenchmarkColdStampede(b *testing.B) {
	broker, req := warm(b)
	answered := make(chan error)
	for b.Loop() {
		broker.Forget(func(info credproc.SessionInfo) bool { return info.Kind == config.KindRole })
		for range 1000 {
			go func() {
				_, err := broker.Credentials(context.Background(), req)
				answered <- err
			}()
		}
		for range 1000 {
			if err := <-answered; err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed())/float64(b.N)/1000/float64(time.Microsecond), "µs/caller")
}
