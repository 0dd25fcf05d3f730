package agent

import (
	"testing"

	"github.com/mfad/mfad/agent/wire"
)

// BenchmarkWarmCredentials is a request whose answer is in the cache, without
// the socket: resolving, finding, auditing.
func BenchmarkWarmCredentials(b *testing.B) {
	bench, _ := ready(b)
	bench.must(b, nobody, wire.MethodCredentials, wire.CredentialsParams{Profile: "prod"}, nil)
	call := wire.Call{V: wire.Protocol, Params: []byte(`{"profile":"prod"}`)}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := bench.serve(b.Context(), nobody, call, wire.MethodCredentials); err != nil {
			b.Fatal(err)
		}
	}
}
