//go:build cgo && linux

package piv

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/mfad/mfad/internal/human"
	"github.com/mfad/mfad/token"
	"github.com/mfad/mfad/token/persontest"
	"github.com/mfad/mfad/token/tokentest"
)

const rightPIN = "123456"

// rig is a virtual YubiKey in a reader, and a person before it.
type rig struct {
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
func (d *rig) Command(apdu []byte) []byte {
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

func (d *rig) tried() []try {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.tries)
}

// checkGuard proves the guard for all that the token has seen.
func (d *rig) checkGuard() {
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

// newRig puts a new YubiKey into a reader of its own for the time of the test.
func newRig(t testing.TB, o tokentest.YubiKeyOptions) *rig {
	t.Helper()
	n := <-free
	t.Cleanup(func() { free <- n })
	d := &rig{YubiKey: tokentest.NewYubiKey(o), t: t, reader: service.Reader(n), number: n, person: newPerson()}
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

func (d *rig) insert() {
	d.t.Helper()
	if err := service.Insert(d.number, d); err != nil {
		d.t.Fatal(err)
	}
}

// replace puts a new YubiKey in the place of the old.
func (d *rig) replace(o tokentest.YubiKeyOptions) {
	d.t.Helper()
	if err := service.Remove(d.number); err != nil {
		d.t.Fatal(err)
	}
	d.YubiKey = tokentest.NewYubiKey(o)
	d.insert()
}

func (d *rig) applet() Applet { return Applet{d.token, d.person} }

func (d *rig) newKey(p token.KeyParams) (token.NewKey, error) {
	return d.applet().NewKey(d.t.Context(), p)
}

// make makes a key.
func (d *rig) make(p token.KeyParams) (Identity, token.NewKey) {
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

func (d *rig) wrap(i Identity) []*age.Stanza {
	d.t.Helper()
	stanzas, err := Wrap(i, testFileKey)
	if err != nil {
		d.t.Fatal(err)
	}
	return stanzas
}

func (d *rig) unwrap(i Identity) error {
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
func (d *rig) run(name string, args ...string) string {
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

// person is who sits there, and what they have done so far.
type person struct {
	persontest.Person
	pins       func(n int) string // the n-th, from 0
	management string
	refusal    error // instead of a PIN

	mu    sync.Mutex
	typed int // PINs
	left  int // at which the person agreed to a last try
}

func newPerson() *person {
	p := &person{left: -1, pins: func(int) string { return rightPIN }}
	p.Secret = p.secret
	return p
}

func (p *person) secret(_ context.Context, q human.Question) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.refusal != nil:
		return "", p.refusal
	case q.What == token.ManagementKey:
		return p.management, nil
	}
	p.typed++
	return p.pins(p.typed - 1), nil
}

// Ask implements [token.Person]. A question for a last try begins with how many
// are left.
func (p *person) Ask(ctx context.Context, q human.Question) (human.Answer, error) {
	answer, err := p.Person.Ask(ctx, q)
	if answer.Yes && strings.HasPrefix(q.What, "Only ") {
		p.mu.Lock()
		defer p.mu.Unlock()
		if _, err := fmt.Sscanf(q.What, "Only %d ", &p.left); err != nil {
			return answer, err
		}
	}
	return answer, err
}

func (p *person) state() (typed, agreed int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.typed, p.left
}
