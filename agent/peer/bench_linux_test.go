package peer

import (
	"net"
	"path/filepath"
	"testing"
)

// BenchmarkDescribe is what an audit line costs beside its request.
func BenchmarkDescribe(b *testing.B) {
	path := filepath.Join(b.TempDir(), "s")
	ln, err := net.ListenUnix("unix", &net.UnixAddr{Name: path})
	if err != nil {
		b.Fatal(err)
	}
	defer ln.Close()
	dialed, err := net.Dial("unix", path)
	if err != nil {
		b.Fatal(err)
	}
	defer dialed.Close()
	conn, err := ln.AcceptUnix()
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	p, err := Of(conn)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Describe(); err != nil {
			b.Fatal(err)
		}
	}
}
