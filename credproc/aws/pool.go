package aws

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"
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
	clients map[string]*http.Client // by the hash of the CA bundle; empty: the system's roots
}

// client returns the HTTP client that trusts the roots of a PEM file, and the
// file's hash; the system's roots, and none, if the path is empty. The hash is of
// what the client trusts, whatever becomes of the file.
func (p *Pool) client(caFile string) (c *http.Client, hash string, err error) {
	text, err := readBundle(caFile)
	if err != nil {
		return nil, "", err
	}
	if caFile != "" {
		hash = fmt.Sprintf("%x", sha256.Sum256(text))
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if known := p.clients[hash]; known != nil {
		return known, hash, nil
	}
	roots, err := parseRoots(caFile, text)
	if err != nil {
		return nil, "", err
	}
	if p.clients == nil {
		p.clients = make(map[string]*http.Client)
	}
	p.clients[hash] = newHTTPClient(roots)
	return p.clients[hash], hash, nil
}

// ProxyFor is the proxy by which the process's own environment, as it was at its
// start, has requests to a URL go, without its user and password; empty: none.
func ProxyFor(target string) string {
	u, err := url.Parse(target)
	if err != nil {
		return ""
	}
	proxy, err := http.ProxyFromEnvironment(&http.Request{URL: u})
	switch {
	case err != nil: // no request gets anywhere then
		return "that is no URL"
	case proxy == nil:
		return ""
	}
	return proxy.Scheme + "://" + proxy.Host
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

func readBundle(caFile string) ([]byte, error) {
	if caFile == "" {
		return nil, nil
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
	return text, nil
}

func parseRoots(caFile string, text []byte) (*x509.CertPool, error) {
	if caFile == "" {
		return nil, nil // nil roots are the system's
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
