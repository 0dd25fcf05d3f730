//go:build cgo && linux

package piv

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"time"

	"filippo.io/age"

	"github.com/mfad/mfad/internal/human"
	"github.com/mfad/mfad/internal/proctest"
	"github.com/mfad/mfad/token"
)

// childVariable makes of the test program what mfad-token is: a process that
// does one operation and ends, and with it all that piv-go keeps after a fault.
const childVariable = "MFAD_TEST_PIV_JOB"

// job is what a child is to do: unwrap if there are stanzas, else make a key.
type job struct {
	Token   token.Token
	Unwrap  []*age.Stanza
	With    string // identity
	NewKey  token.KeyParams
	Timeout time.Duration
}

// word is what a child says, and answer what it hears.
type word struct {
	Ask   *human.Question
	Await *token.Waiting
	Done  *result
}

type answer struct {
	Text    []byte
	Yes     bool
	Refused bool
}

type result struct {
	FileKey []byte
	Key     token.NewKey
	Error   string
	Is      []int // of typedErrors
	Retries int   // of a PINError, or -2
}

// remoteError is the error of a child.
type remoteError struct{ result }

func (e *remoteError) Error() string { return e.result.Error }

func (e *remoteError) Is(target error) bool {
	for _, n := range e.result.Is {
		if typedErrors[n] == target {
			return true
		}
	}
	return false
}

// runChild is the child's main.
func runChild(text string) {
	var j job
	if err := json.Unmarshal([]byte(text), &j); err != nil {
		panic(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), j.Timeout)
	defer cancel()
	p := &distant{json.NewEncoder(os.Stdout), json.NewDecoder(os.Stdin)}
	r := result{Retries: -2}
	var err error
	if j.Unwrap == nil {
		r.Key, err = Applet{j.Token, p}.NewKey(ctx, j.NewKey)
	} else {
		var i Identity
		if i, err = ParseIdentity(j.With); err == nil {
			r.FileKey, err = Applet{j.Token, p}.Unwrap(ctx, i, j.Unwrap)
		}
	}
	if err != nil {
		r.Error = err.Error()
	}
	for n, typed := range typedErrors {
		if errors.Is(err, typed) {
			r.Is = append(r.Is, n)
		}
	}
	var wrong *token.PINError
	if errors.As(err, &wrong) {
		r.Retries = wrong.Retries
	}
	p.say(word{Done: &r})
}

// distant is the person, as a child sees him.
type distant struct {
	out *json.Encoder
	in  *json.Decoder
}

func (p *distant) say(w word) {
	if err := p.out.Encode(w); err != nil {
		panic(err)
	}
}

func (p *distant) Ask(_ context.Context, q human.Question) (human.Answer, error) {
	p.say(word{Ask: &q})
	var a answer
	if err := p.in.Decode(&a); err != nil {
		panic(err)
	}
	if a.Refused {
		return human.Answer{}, human.ErrDismissed
	}
	return human.Answer{Text: a.Text, Yes: a.Yes}, nil
}

func (p *distant) Await(_ context.Context, w token.Waiting) func() {
	p.say(word{Await: &w})
	return func() {}
}

// apart has a child do a job and plays the rig's person to it.
func (d *rig) apart(j job) (result, error) {
	d.t.Helper()
	j.Token, j.Timeout = d.token, time.Minute
	text, err := json.Marshal(j)
	if err != nil {
		d.t.Fatal(err)
	}
	cmd := exec.CommandContext(d.t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"="+string(text))
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	child := proctest.Start(d.t, cmd)
	r, err := d.attend(child.In, child.Out)
	if err := errors.Join(err, child.End()); err != nil {
		d.t.Fatalf("the process for one operation: %v\n%s", err, &complaints)
	}
	if r.Error != "" {
		return r, &remoteError{r}
	}
	return r, nil
}

// attend answers a child until it is done.
func (d *rig) attend(in io.Writer, out io.Reader) (result, error) {
	ctx, words, answers := d.t.Context(), json.NewDecoder(out), json.NewEncoder(in)
	for {
		var w word
		if err := words.Decode(&w); err != nil {
			return result{}, err
		}
		switch {
		case w.Done != nil:
			return *w.Done, nil
		case w.Ask == nil:
			continue
		}
		a, err := d.person.Ask(ctx, *w.Ask)
		if err := answers.Encode(answer{a.Text, a.Yes, err != nil}); err != nil {
			return result{}, err
		}
	}
}

// unwrapApart is [rig.unwrap] in a process of its own.
func (d *rig) unwrapApart(i Identity) error {
	d.t.Helper()
	r, err := d.apart(job{Unwrap: d.wrap(i), With: i.String()})
	if err == nil && !bytes.Equal(r.FileKey, testFileKey) {
		d.t.Errorf("another file key: %x", r.FileKey)
	}
	return err
}
