package aws

import (
	"context"
	"crypto/tls"
	"net"

	"github.com/mfad/mfad/internal/forget"
)

// wiping is a connection, above TLS if there is any, that leaves nothing of what
// has passed in the buffers of net/http, which live as long as it does and are
// never wiped. An answer stands in there until its reader waits for the next one,
// and stays when there is no next one: after "Connection: close".
type wiping struct{ net.Conn }

// Read wipes the buffer that it is given first: its reader is through with what
// is in there (io.Reader: "it may use all of p as scratch space").
func (c wiping) Read(p []byte) (n int, err error) {
	clear(p)
	forget.Do(func() { n, err = c.Conn.Read(p) }) // TLS decrypts in a buffer of its own
	return n, err
}

// Write wipes what is net/http's own buffer once it is out. That one is known by
// its size: all else that comes, such as a body, is its caller's.
func (c wiping) Write(p []byte) (n int, err error) {
	n, err = c.Conn.Write(p)
	if cap(p) == writeBuffer && n == len(p) {
		clear(p)
	}
	return n, err
}

// writeBuffer is a size that no other buffer has.
const writeBuffer = 4<<10 + 1

// dialer makes wiping connections.
type dialer struct {
	net    net.Dialer
	config *tls.Config
}

// plain connects without TLS: to a custom endpoint, or to a proxy.
func (d dialer) plain(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := d.net.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return wiping{conn}, nil
}

// tls connects to a server itself.
func (d dialer) tls(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := d.net.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	config := d.config.Clone()
	if config.ServerName, _, err = net.SplitHostPort(address); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, tlsTimeout)
	defer cancel()
	secured, err := forget.Value(func() (*tls.Conn, error) {
		secured := tls.Client(conn, config)
		return secured, secured.HandshakeContext(ctx)
	})
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return wiping{secured}, nil
}
