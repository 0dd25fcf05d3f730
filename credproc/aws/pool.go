package aws

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/mfad/mfad/credproc"
)

// Deadlines of one attempt, each for one thing that can hang. AWS answers
// within a second; the person waits at most attemptTimeout.
const (
	dialTimeout    = 5 * time.Second
	tlsTimeout     = 5 * time.Second
	headerTimeout  = 10 * time.Second
	attemptTimeout = 15 * time.Second
	idleTimeout    = 30 * time.Second
)

// Pool keeps the connections to AWS: clients of one CA bundle share theirs. Its
// zero value is ready; it must not be copied after first use.
type Pool struct {
	mu      sync.Mutex
	clients map[bundle]*http.Client
}

// bundle is a version of a CA file; the zero value is the system's roots.
type bundle struct {
	path string
	size int64
	mod  time.Time
}

// client returns the HTTP client that trusts the roots of a PEM file, or the
// system's if the path is empty. A file that changed is read again.
func (p *Pool) client(caFile string) (*http.Client, error) {
	var key bundle
	if caFile != "" {
		info, err := os.Stat(caFile)
		if err != nil {
			return nil, badBundle(err)
		}
		key = bundle{caFile, info.Size(), info.ModTime()}
	}
	p.mu.Lock()
	known := p.clients[key]
	p.mu.Unlock()
	if known != nil {
		return known, nil
	}
	roots, err := readRoots(caFile)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.clients == nil {
		p.clients = make(map[bundle]*http.Client)
	}
	if p.clients[key] == nil { // another may have been faster
		p.clients[key] = newHTTPClient(roots)
	}
	return p.clients[key], nil
}

// Close closes the connections that are idle. The Pool may be used further.
func (p *Pool) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.clients {
		c.CloseIdleConnections()
	}
}

// maxBundle is four times the size of all public roots.
const maxBundle = 1 << 20

func readRoots(caFile string) (*x509.CertPool, error) {
	if caFile == "" {
		return nil, nil // nil roots are the system's
	}
	info, err := os.Stat(caFile)
	if err != nil {
		return nil, badBundle(err)
	}
	if !info.Mode().IsRegular() || info.Size() > maxBundle {
		return nil, badBundle(&fs.PathError{Op: "read", Path: caFile, Err: fs.ErrInvalid})
	}
	text, err := os.ReadFile(caFile)
	if err != nil {
		return nil, badBundle(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(text) {
		return nil, badBundle(fmt.Errorf("%s has no PEM certificate", caFile))
	}
	return roots, nil
}

func badBundle(err error) error {
	return fmt.Errorf("%w: reading the CA bundle: %w", credproc.ErrInvalid, err)
}

// newHTTPClient follows no redirect: the request is signed for one host, and
// may carry a code.
func newHTTPClient(roots *x509.CertPool) *http.Client {
	config := &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	dial := dialer{net.Dialer{Timeout: dialTimeout}, config}
	return &http.Client{
		Transport: &http.Transport{
			// The process's own environment decides, as it was at its start.
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           dial.plain,
			DialTLSContext:        dial.tls,
			TLSClientConfig:       config, // behind a proxy
			TLSHandshakeTimeout:   tlsTimeout,
			WriteBufferSize:       writeBuffer,
			ResponseHeaderTimeout: headerTimeout,
			IdleConnTimeout:       idleTimeout,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       attemptTimeout,
	}
}
