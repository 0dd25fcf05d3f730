package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/mfad/mfad/credproc/config/syntax"
)

// Reader answers what profiles are. It keeps the files that it parsed, looks
// at their size, time and identity each time it is asked, and reads a file
// again only when it changed. It is safe for concurrent use.
//
// A line that no reader understands is the fault of its own section, which is
// told when that is asked for; all other sections are served.
//
// What it keeps of AWS's credentials file includes the keys in it; they are no
// safer on the disk.
type Reader struct {
	paths   Paths
	getenv  func(string) string
	sources *rules

	mfad, config, credentials cache
}

// NewReader reads nothing yet. Getenv is the agent's own environment: whoever
// asks for a profile has no say in it. Sources are kinds that this package does
// not know.
func NewReader(paths Paths, getenv func(string) string, sources ...SourceRule) *Reader {
	return &Reader{
		paths: paths, getenv: getenv, sources: newRules(sources),
		mfad:        cache{name: paths.Mfad, dialect: syntax.Config},
		config:      cache{name: paths.Config, dialect: syntax.Config},
		credentials: cache{name: paths.Credentials, dialect: syntax.Credentials},
	}
}

// Paths are the files that it reads.
func (r *Reader) Paths() Paths { return r.paths }

// Resolve makes the chain of a profile. Its errors wrap ErrBadName,
// ErrNoProfile or ErrBadConfig.
func (r *Reader) Resolve(q Query) (*Chain, error) {
	f, err := r.Files()
	if err != nil {
		return nil, err
	}
	return f.Resolve(q)
}

// Files are the three files as they are now. They are shared: nobody changes
// them.
func (r *Reader) Files() (*Files, error) {
	f := &Files{Getenv: r.getenv, sources: r.sources}
	for _, c := range []struct {
		cache *cache
		doc   **syntax.Document
	}{{&r.mfad, &f.Mfad}, {&r.credentials, &f.Credentials}, {&r.config, &f.Config}} {
		var err error
		if *c.doc, err = c.cache.document(); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// ProfileInfo is one profile of a listing, without following it.
type ProfileInfo struct {
	Name string
	// At is where it begins, in the file that counts most.
	At Origin
	// Served: AWS's tools find mfad's credential_process for it, which runs Program.
	Served  bool
	Program string
	// RoleARN and Source are as the files say; Source is a setting's value,
	// such as a profile, an access key's name or a credential_source.
	RoleARN, Source string
}

// Profiles lists every profile of the files, mfad's first, each in the order
// of its file, those with a fault too.
func (r *Reader) Profiles() ([]ProfileInfo, error) {
	f, err := r.Files()
	if err != nil {
		return nil, err
	}
	var out []ProfileInfo
	seen := map[string]bool{}
	for _, doc := range []*syntax.Document{f.Mfad, f.Config, f.Credentials} {
		for _, s := range doc.Sections {
			if s.Kind != syntax.Profile || seen[s.Name] {
				continue
			}
			seen[s.Name] = true
			out = append(out, f.info(s.Name))
		}
	}
	return out, nil
}

func (f *Files) info(name string) ProfileInfo {
	p, _ := f.Profile(name)
	arn, _ := p.Identity(KeyRoleARN)
	info := ProfileInfo{Name: name, At: p.at(), RoleARN: arn.Text}
	info.Program, info.Served = p.Program()
	for _, key := range f.rules().pointers {
		if v, ok := p.Identity(key); ok {
			info.Source = v.Text
			break
		}
	}
	return info
}

// MostBytes is far above what 50,000 profiles take (6 MB), and keeps offsets
// within 32 bits.
const MostBytes = 64 << 20

// cache is one file. Its mutex guards the pointer alone: whoever finds the file
// changed reads it while the others wait for the same reading.
type cache struct {
	name    string
	dialect syntax.Dialect

	mu   sync.Mutex
	last *reading
}

// reading is one version of a file, complete when done is closed.
type reading struct {
	info fs.FileInfo // nil: no file
	done chan struct{}
	// young: the file was written within the clock's grain before it was
	// read, so that a later change may not show.
	young bool
	doc   *syntax.Document
	err   error
}

func (c *cache) document() (*syntax.Document, error) {
	info, err := os.Stat(c.name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, unreadable(c.name, err)
	}
	if err != nil {
		info = nil
	}
	c.mu.Lock()
	r := c.last
	stale := r == nil || !isSameFile(r.info, info) || isDone(r.done) && r.young
	if stale {
		r = &reading{info: info, done: make(chan struct{})}
		c.last = r
	}
	c.mu.Unlock()
	if stale {
		r.read(c.name, c.dialect)
		close(r.done)
	}
	<-r.done
	return r.doc, r.err
}

func (r *reading) read(name string, d syntax.Dialect) {
	// Twice the coarsest tick of a kernel that we know of.
	const grain = 20 * time.Millisecond
	r.young = r.info != nil && time.Since(r.info.ModTime()).Abs() < grain
	data, err := readFile(name, r.info)
	if err != nil {
		r.err = err
		return
	}
	r.doc = syntax.Read(name, data, d)
}

// readFile reads a configuration file; a missing one is empty.
func readFile(name string, info fs.FileInfo) ([]byte, error) {
	switch {
	case info == nil || name == os.DevNull:
		return nil, nil
	case !info.Mode().IsRegular():
		return nil, &Error{Origin{File: name}, "is not a regular file", ErrBadConfig}
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, unreadable(name, err)
	}
	defer f.Close()
	data := make([]byte, 0, min(info.Size(), MostBytes)+1)
	for {
		n, err := f.Read(data[len(data):cap(data)])
		data = data[:len(data)+n]
		switch {
		case errors.Is(err, io.EOF) && isUTF16(data):
			return nil, &Error{Origin{File: name}, "is UTF-16 and not UTF-8, so that nobody finds a profile in it; save it as UTF-8", ErrBadConfig}
		case errors.Is(err, io.EOF):
			return data, nil
		case err != nil:
			return nil, unreadable(name, err)
		case len(data) > MostBytes:
			return nil, &Error{Origin{File: name}, fmt.Sprintf("is larger than %d MiB", MostBytes>>20), ErrBadConfig}
		case len(data) == cap(data):
			data = append(data, 0)[:len(data)]
		}
	}
}

// isUTF16 says that a text is what PowerShell's ">" and Notepad's "Unicode" write: it
// has their mark, or begins with a letter and half of it is zero.
func isUTF16(data []byte) bool {
	if len(data) < 2 {
		return false
	}
	mark := [2]byte(data)
	return mark == [2]byte{0xff, 0xfe} || mark == [2]byte{0xfe, 0xff} || (mark[0] == 0) != (mark[1] == 0)
}

func unreadable(name string, err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return &Error{Origin{File: name}, fmt.Sprintf("cannot be read: %v", err), errors.Join(ErrBadConfig, err)}
}

func isSameFile(a, b fs.FileInfo) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

func isDone(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
