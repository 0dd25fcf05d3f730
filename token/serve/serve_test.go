//go:build unix

package serve_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"

	"filippo.io/age/plugin"

	"github.com/mfad/mfad/token"
	"github.com/mfad/mfad/token/serve"
)

// otherEnd is the other end of the streams of a service.
type otherEnd struct {
	net.Conn
	lines *bufio.Reader
}

func dial(t *testing.T, s *serve.Service) *otherEnd {
	t.Helper()
	ours, its := net.Pipe()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.Serve(context.Background(), its, its)
	}()
	t.Cleanup(func() {
		_ = ours.Close()
		<-ended
	})
	return &otherEnd{ours, bufio.NewReader(ours)}
}

func (o *otherEnd) say(t *testing.T, line string) {
	t.Helper()
	if _, err := fmt.Fprintln(o, line); err != nil {
		t.Fatal(err)
	}
}

// hears fails the test unless the next line has all the words.
func (o *otherEnd) hears(t *testing.T, words ...string) {
	t.Helper()
	line, err := o.lines.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range words {
		if !strings.Contains(line, word) {
			t.Errorf("heard %s, without %s", line, word)
		}
	}
}

// waits is a service with a method that asks the person.
func waits() *serve.Service {
	ask := func(ctx context.Context, _ struct{}, person token.Person) (string, error) {
		secret, err := token.AskSecret(ctx, person, token.Want{What: token.PIVPIN})
		return string(secret), err
	}
	return &serve.Service{Methods: map[string]serve.Method{"ask": serve.Bind(ask)}}
}

func TestServiceDoesOneThingAtATime(t *testing.T) {
	w := dial(t, waits())
	w.say(t, `{"jsonrpc":"2.0","id":1,"method":"ask","params":{}}`)
	w.hears(t, `"method":"ask"`, `"id":0`)
	w.say(t, `{"jsonrpc":"2.0","id":2,"method":"ask","params":{}}`)
	w.hears(t, `"id":2`, `"error"`, "one thing at a time")
	w.say(t, `{"jsonrpc":"2.0","id":0,"result":{"text":"MTIzNDU2"}}`)
	w.hears(t, `"id":1`, `"result":"123456"`)
}

// The end of the input ends a call that waits for the person, and the service.
func TestServiceEndsWithItsInput(t *testing.T) {
	w := dial(t, waits())
	w.say(t, `{"jsonrpc":"2.0","id":1,"method":"ask","params":{}}`)
	w.hears(t, `"method":"ask"`)
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	if _, err := w.lines.ReadByte(); err == nil || errors.Is(err, io.ErrNoProgress) {
		t.Errorf("reading on: %v", err)
	}
}

func TestServiceWaitsForWhatACallHasLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		idle, ended := make(chan struct{}), make(chan struct{})
		ours, its := net.Pipe()
		s := &serve.Service{Idle: func() <-chan struct{} { return idle }}
		go func() {
			defer close(ended)
			s.Serve(t.Context(), its, its)
		}()
		if err := ours.Close(); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		select {
		case <-ended:
			t.Error("it ended while a token was at work")
		default:
		}
		close(idle)
		<-ended
	})
}

func TestListsStandInTheirOrder(t *testing.T) {
	list := func(name string, before <-chan struct{}, done chan<- struct{}) serve.List {
		return func(_ context.Context, _ token.ListParams, alive func()) token.Listing {
			if before != nil {
				<-before
			}
			if done != nil {
				close(done)
			}
			return token.Listing{Tokens: []token.Token{{Model: name}}, Faults: []string{name + " is odd"}}
		}
	}
	second := make(chan struct{})
	w := dial(t, &serve.Service{Lists: []serve.List{list("one", second, nil), list("two", nil, second)}})
	w.say(t, `{"jsonrpc":"2.0","id":1,"method":"list","params":{}}`)
	w.hears(t, `[{"model":"one","place":""},{"model":"two","place":""}]`, `["one is odd","two is odd"]`)
	w = dial(t, new(serve.Service))
	w.say(t, `{"jsonrpc":"2.0","id":1,"method":"list","params":{}}`)
	w.hears(t, `"tokens":[]`)
}

// Each call goes to the driver of its key, or is refused: a program may be older
// than a vault.
func TestKeysOfNoKindAreRefused(t *testing.T) {
	ds := serve.Drivers{badgeDriver{t.TempDir()}}
	ctx, strange := t.Context(), plugin.EncodeIdentity(token.PluginName, []byte{token.IdentityPIV, 0, 0, 0, 1})
	_, make := ds.MakeKey(ctx, token.KeyParams{Kind: token.KindPIV}, nil)
	_, wrap := ds.Wrap(ctx, token.WrapParams{Identity: strange}, nil)
	_, unwrap := ds.Unwrap(ctx, token.UnwrapParams{Identity: strange}, nil)
	watch := ds.Watch(ctx, token.WatchParams{Identity: strange})
	for name, err := range map[string]error{"make": make, "wrap": wrap, "unwrap": unwrap, "watch": watch} {
		if !errors.Is(err, token.ErrInvalid) || strings.Contains(err.Error(), strange) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := ds.Kinds().String(); got != "badge" {
		t.Errorf("the kinds are %s", got)
	}
}
