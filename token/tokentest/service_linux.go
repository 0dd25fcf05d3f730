package tokentest

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

// friendlyName is what the reader of a YubiKey 5 calls itself. pcscd adds two
// numbers, but does not tell stanzas with different drivers apart by them.
func friendlyName(i int) string {
	const name = "Yubico YubiKey OTP+FIDO+CCID"
	if i == 0 {
		return name
	}
	return fmt.Sprintf("%s [%d]", name, i+1)
}

// firstPort is vpcd's own default; it matters only where the network is not
// shared.
const firstPort = 35963

// Service is a private pcscd whose readers hold what [Service.Insert] puts in.
type Service struct {
	// Socket is for PCSCLITE_CSOCK_NAME.
	Socket string

	dir     string
	ownDir  bool
	program string
	config  string
	thread  *thread
	readers []*reader

	mu     sync.Mutex // orders Kill, Restart and Close
	daemon *daemon
}

// reader is a virtual reader.
type reader struct {
	name string
	port int

	mu   sync.Mutex // held while a card comes or goes
	card Card       // nil: empty
	conn net.Conn
	done chan struct{} // closed when the card is not served any more
	seen uint32        // pcscd's count of changes when it saw the card; 0: it does not hold one
}

// StartService starts a pcscd with empty readers, in a network namespace of its
// own where that is allowed. The error wraps [ErrMissing] when something must
// be installed first. The caller closes the service.
func StartService(o Options) (*Service, error) {
	program, err := findDaemon()
	if err != nil {
		return nil, err
	}
	driver, err := findDriver()
	if err != nil {
		return nil, err
	}
	s := &Service{dir: o.Dir}
	if o.Dir == "" {
		s.ownDir = true
		if s.dir, err = os.MkdirTemp(shortTemp(), "pcscd"); err != nil {
			return nil, err
		}
	}
	s.Socket = filepath.Join(s.dir, "pcsc")
	s.thread = startThread()
	if s.program, err = quickDaemon(program, s.dir); err != nil {
		return nil, errors.Join(fmt.Errorf("copying pcscd: %w", err), s.Close())
	}
	if err := s.open(max(o.Readers, 1), driver); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// shortTemp is where a path of a socket fits into its 107 bytes.
func shortTemp() string {
	if dir := os.TempDir(); len(dir) < 70 {
		return dir
	}
	return "/tmp"
}

// open starts pcscd; another try takes other ports, for somebody may have taken
// a port meanwhile when the network is shared.
func (s *Service) open(readers int, driver string) (err error) {
	if readers > MaxReaders {
		return fmt.Errorf("starting pcscd: %d readers are more than %d", readers, MaxReaders)
	}
	for range 3 {
		if err = s.tryOpen(readers, driver); err == nil {
			return nil
		}
		s.end()
	}
	return err
}

func (s *Service) tryOpen(readers int, driver string) error {
	code, slots, err := loadDriver(driver)
	if err != nil {
		return fmt.Errorf("reading vpcd: %w", err)
	}
	var ports []int // of the stanzas
	for i := 0; i < readers; i += slots {
		port := firstPort + i
		if !s.thread.own {
			if port, err = freePorts(slots); err != nil {
				return fmt.Errorf("finding a free port for vpcd: %w", err)
			}
		}
		ports = append(ports, port)
	}
	if s.config, err = writeConfig(s.dir, code, ports); err != nil {
		return fmt.Errorf("configuring pcscd: %w", err)
	}
	s.readers = nil
	for i := range readers {
		stanza, slot := i/slots, i%slots
		name := fmt.Sprintf("%s 00 %02X", friendlyName(stanza), slot)
		s.readers = append(s.readers, &reader{name: name, port: ports[stanza] + slot})
	}
	return s.begin()
}

// begin starts pcscd and waits until it has every reader.
func (s *Service) begin() (err error) {
	s.thread.do(func() {
		s.daemon, err = startDaemon(s.program, s.Socket, s.config, filepath.Join(s.dir, "log"))
	})
	if err != nil {
		return err
	}
	var missing string
	err = watch(s.Socket, watchLimit, func(states []readerState) bool {
		missing = s.missing(states)
		return true // pcscd answers when it has opened what it could
	})
	if err == nil && missing != "" {
		err = fmt.Errorf("reader %q is missing", missing)
	}
	if err != nil {
		return fmt.Errorf("starting pcscd: %w; it says: %s", err, s.daemon.complaint())
	}
	return nil
}

func (s *Service) missing(states []readerState) string {
	for _, r := range s.readers {
		if !slices.ContainsFunc(states, func(state readerState) bool { return state.name == r.name }) {
			return r.name
		}
	}
	return ""
}

// end ends pcscd if it runs.
func (s *Service) end() {
	if s.daemon != nil {
		s.daemon.kill()
		s.daemon = nil
	}
}

// Reader is the PC/SC name of reader i.
func (s *Service) Reader(i int) string { return s.readers[i].name }

// Kill ends pcscd at once, as a crash does. The cards lose power but stay in
// their readers.
func (s *Service) Kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.end()
	for _, r := range s.readers {
		r.mu.Lock()
		r.unserve()
		r.seen = 0 // the next pcscd counts anew
		r.mu.Unlock()
	}
}

// Restart starts pcscd again at the same socket path, after [Service.Kill] or
// instead of it. It returns when pcscd has seen the cards that are in.
func (s *Service) Restart() error {
	s.Kill()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.begin(); err != nil {
		return err
	}
	for _, r := range s.readers {
		if err := s.reserve(r); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) reserve(r *reader) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.card == nil {
		return nil
	}
	return s.serve(r)
}

// Close takes every card out, ends pcscd and removes its files. No process,
// thread or goroutine of the service is left.
func (s *Service) Close() error {
	s.Kill()
	s.thread.close()
	if s.ownDir {
		return os.RemoveAll(s.dir)
	}
	return nil
}

// freePorts finds n free ports in a row and returns the first.
func freePorts(n int) (first int, err error) {
	for range 100 {
		if first, err = tryPorts(n); err == nil {
			return first, nil
		}
	}
	return 0, err
}

func tryPorts(n int) (first int, err error) {
	for i := range n {
		port := 0
		if i > 0 {
			port = first + i
		}
		l, err := net.ListenTCP("tcp4", &net.TCPAddr{Port: port})
		if err != nil {
			return 0, err
		}
		defer l.Close()
		if i == 0 {
			first = l.Addr().(*net.TCPAddr).Port
		}
	}
	return first, nil
}
