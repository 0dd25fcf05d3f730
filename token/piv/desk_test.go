//go:build cgo && linux

package piv

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/mfad/mfad/token"
	"github.com/mfad/mfad/token/tokentest"
)

const rightPIN = "123456"

// desk is a virtual YubiKey in a reader, and a person before it.
type desk struct {
	*tokentest.YubiKey
	t      testing.TB
	reader string
	token  token.Token
	person *person
	number int // of the reader

	mu    sync.Mutex
	tries []try
}

// try is a VERIFY with a PIN, as the token saw it come.
type try struct {
	left   int
	pin    string
	typed  int  // how many PINs were typed by then
	agreed bool // the person had agreed to a last try at that number
}

// Command notes each PIN that comes.
func (d *desk) Command(apdu []byte) []byte {
	if len(apdu) > 5 && bytes.Equal(apdu[:4], []byte{0, 0x20, 0, 0x80}) {
		typed, agreed := d.person.state()
		d.mu.Lock()
		d.tries = append(d.tries, try{
			left: d.PINRetries(), pin: string(bytes.TrimRight(apdu[5:], "\xff")), typed: typed,
			agreed: agreed == d.PINRetries(),
		})
		d.mu.Unlock()
	}
	return d.YubiKey.Command(apdu)
}

func (d *desk) tried() []try {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.tries)
}

// checkGuard proves the guard for all that the token has seen.
func (d *desk) checkGuard() {
	d.t.Helper()
	last := 0
	for _, try := range d.tried() {
		if try.left <= 1 && !try.agreed {
			d.t.Errorf("a PIN was tried with %d left", try.left)
		}
		if try.typed <= last {
			d.t.Errorf("PIN number %d was tried again", try.typed)
		}
		last = try.typed
	}
}

// newDesk puts a new YubiKey into a reader of its own for the time of the test.
func newDesk(t testing.TB, o tokentest.YubiKeyOptions) *desk {
	t.Helper()
	n := <-free
	t.Cleanup(func() { free <- n })
	d := &desk{YubiKey: tokentest.NewYubiKey(o), t: t, reader: service.Reader(n), number: n, person: &person{left: -1}}
	d.person.pins = func(int) string { return rightPIN }
	d.token = token.Token{Model: "YubiKey 5 NFC", Serial: strconv.Itoa(int(d.Serial())), Place: d.reader}
	d.insert()
	t.Cleanup(func() {
		d.Fault(nil)
		if err := service.Remove(d.number); err != nil {
			t.Error(err)
		}
	})
	return d
}

func (d *desk) insert() {
	d.t.Helper()
	if err := service.Insert(d.number, d); err != nil {
		d.t.Fatal(err)
	}
}

// replace puts a new YubiKey in the place of the old.
func (d *desk) replace(o tokentest.YubiKeyOptions) {
	d.t.Helper()
	if err := service.Remove(d.number); err != nil {
		d.t.Fatal(err)
	}
	d.YubiKey = tokentest.NewYubiKey(o)
	d.insert()
}

func (d *desk) applet() Applet { return Applet{d.token, d.person} }

func (d *desk) newKey(p token.KeyParams) (token.NewKey, error) {
	return d.applet().NewKey(d.t.Context(), p)
}

// make makes a key.
func (d *desk) make(p token.KeyParams) (Identity, token.NewKey) {
	d.t.Helper()
	made, err := d.newKey(p)
	if err != nil {
		d.t.Fatal(err)
	}
	i, err := ParseIdentity(made.Identity)
	if err != nil {
		d.t.Fatal(err)
	}
	return i, made
}

func (d *desk) wrap(i Identity) []*age.Stanza {
	d.t.Helper()
	stanzas, err := Wrap(i, testFileKey)
	if err != nil {
		d.t.Fatal(err)
	}
	return stanzas
}

func (d *desk) unwrap(i Identity) error {
	fileKey, err := d.applet().Unwrap(d.t.Context(), i, d.wrap(i))
	if err == nil && !bytes.Equal(fileKey, testFileKey) {
		d.t.Errorf("another file key: %x", fileKey)
	}
	if err != nil && fileKey != nil {
		d.t.Errorf("a file key beside %v", err)
	}
	return err
}

var testFileKey = []byte("sixteen bytes 16")

// run runs a foreign client, whose tries are not ours.
func (d *desk) run(name string, args ...string) string {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), "HOME="+d.t.TempDir())
	out, err := cmd.CombinedOutput()
	if err != nil {
		d.t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
	d.mu.Lock()
	d.tries = nil
	d.mu.Unlock()
	return string(out)
}

// person is a double of who sits there.
type person struct {
	pins       func(n int) string // the n-th, from 0
	management string
	refusal    error // instead of a PIN
	lastTry    bool
	onAsk      func(q token.Question)
	onAwait    func()

	mu     sync.Mutex
	asked  []token.Question
	typed  int // PINs
	left   int // at which the person agreed to a last try
	lasts  []token.Question
	waits  []token.Waiting
	untold int // waits that were not taken back
}

var _ token.Person = (*person)(nil)

func (p *person) Secret(_ context.Context, q token.Question) ([]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = append(p.asked, q)
	if p.onAsk != nil {
		p.onAsk(q)
	}
	if p.refusal != nil {
		return nil, p.refusal
	}
	if q.Kind == token.AskManagementKey {
		return []byte(p.management), nil
	}
	p.typed++
	return []byte(p.pins(p.typed - 1)), nil
}

func (p *person) LastTry(_ context.Context, q token.Question) (bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lasts = append(p.lasts, q)
	if p.lastTry {
		p.left = q.Retries
	}
	return p.lastTry, nil
}

func (p *person) Await(_ context.Context, w token.Waiting) func() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waits = append(p.waits, w)
	p.untold++
	if p.onAwait != nil {
		p.onAwait()
	}
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.untold--
	}
}

func (p *person) state() (typed, agreed int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.typed, p.left
}
