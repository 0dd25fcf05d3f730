//go:build cgo && (linux || darwin)

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"filippo.io/age"
	"filippo.io/age/plugin"
	"golang.org/x/term"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/human"
	"github.com/mfad/mfad/internal/line"
	"github.com/mfad/mfad/token"
	"github.com/mfad/mfad/token/serve"
)

// pluginProgram is the name under which age finds this program.
const pluginProgram = "age-plugin-" + token.PluginName

// pluginWait is for how many seconds the plugin waits for a token.
var pluginWait = 30 // shorter in tests

const pluginUsage = `usage: age -d -i IDENTITY-FILE FILE

age runs age-plugin-mfad for identities that begin with AGE-PLUGIN-MFAD-1; there
is nothing to run by hand. It is mfad-token under another name.
`

// runPlugin speaks age's plugin protocol over the standard streams, and returns
// the exit status.
func runPlugin(args []string) int {
	p, err := plugin.New(token.PluginName)
	if err != nil {
		fmt.Fprintln(os.Stderr, pluginProgram+":", err)
		return 1
	}
	flags := flag.NewFlagSet(pluginProgram, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	p.RegisterFlags(flags)
	version := flags.Bool("version", false, "")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		fmt.Print(pluginUsage)
		return 0
	case err == nil && *version:
		fmt.Println(pluginProgram, wire.Version)
		return 0
	case err != nil || term.IsTerminal(int(os.Stdin.Fd())):
		fmt.Fprintln(os.Stderr, pluginProgram+": error: age runs this program: see "+pluginProgram+" --help")
		return 1
	}
	// age interrupts its plugins when it is done with them.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	c := &client{plugin: p}
	p.HandleIdentityEncoding(func(text string) (age.Identity, error) { return newPluginKey(ctx, c, text) })
	p.HandleIdentityEncodingAsRecipient(func(text string) (age.Recipient, error) { return newPluginKey(ctx, c, text) })
	return p.Main()
}

// pluginKey is a key on a token, to age's framework of plugins.
type pluginKey struct {
	ctx      context.Context // age's interfaces have none
	drivers  serve.Drivers
	client   *client
	identity string
}

var (
	_ age.Identity  = (*pluginKey)(nil)
	_ age.Recipient = (*pluginKey)(nil)
)

func newPluginKey(ctx context.Context, c *client, text string) (*pluginKey, error) {
	k := &pluginKey{ctx, drivers(), c, text}
	if _, _, err := k.drivers.Kinds().Parse(text); err != nil {
		return nil, err
	}
	return k, nil
}

func (k *pluginKey) Wrap(fileKey []byte) ([]*age.Stanza, error) {
	r, err := k.drivers.Wrap(k.ctx, token.WrapParams{Identity: k.identity, FileKey: fileKey}, k.client)
	if err != nil {
		return nil, err
	}
	return token.AgeStanzas(r.Stanzas), nil
}

// Unwrap implements [age.Identity]. A token that did not come, or for which there
// is no service, is no error: age
// would stop at it, and has one plugin for each identity, in turn. It goes on
// to the next identity, whose token may be there.
func (k *pluginKey) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	p := token.UnwrapParams{Identity: k.identity, Stanzas: token.Stanzas(stanzas), Wait: pluginWait}
	r, err := k.drivers.Unwrap(k.ctx, p, k.client)
	switch {
	case errors.Is(err, token.ErrInvalid):
		return nil, age.ErrIncorrectIdentity
	case errors.Is(err, token.ErrNotPresent) && k.ctx.Err() == nil:
		k.client.show(k.owner() + " is not plugged in; on to the next identity")
		return nil, age.ErrIncorrectIdentity
	case errors.Is(err, token.ErrNoService) && k.ctx.Err() == nil:
		k.client.show(k.owner() + " cannot be reached: " + err.Error() + "; on to the next identity")
		return nil, age.ErrIncorrectIdentity
	}
	return r.FileKey, err
}

// owner names the token that has the key.
func (k *pluginKey) owner() string {
	_, serial, err := k.drivers.Kinds().Parse(k.identity)
	if err != nil || serial == "" {
		return "the token of this key"
	}
	return "the token with serial " + serial
}

// client is the person at age, who speaks with one voice at a time.
type client struct {
	mu     sync.Mutex
	plugin *plugin.Plugin
}

var _ token.Person = (*client)(nil)

// Ask implements [token.Person].
func (c *client) Ask(_ context.Context, q human.Question) (human.Answer, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if q.Kind == human.Confirm {
		yes, err := c.plugin.Confirm(q.What, "yes", "no")
		return human.Answer{Yes: yes}, err
	}
	text := fmt.Sprintf("%s of %s%s:", q.What, q.Token, left(q.Tries))
	if q.Again != "" {
		text = q.Again + "; " + text
	}
	secret, err := c.plugin.RequestValue(text, true)
	if err != nil {
		return human.Answer{}, fmt.Errorf("%w: %v", human.ErrDismissed, err)
	}
	return human.Answer{Text: []byte(secret)}, nil
}

func left(tries int) string {
	switch tries {
	case 0: // not known
		return ""
	case 1:
		return ", 1 try left"
	}
	return fmt.Sprintf(", %d tries left", tries)
}

// Await implements [token.Person].
func (c *client) Await(_ context.Context, w token.Waiting) func() {
	text := "plug in the token of this key"
	switch {
	case w.For == token.AwaitTouch:
		text = "touch " + w.Token.String()
	case len(w.Serials) > 0:
		text = "plug in the token with serial " + w.Serials[0]
	}
	c.show(text)
	return func() {}
}

// show shows a line. Who cannot show it goes on all the same.
func (c *client) show(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_ = c.plugin.DisplayMessage(line.One(text))
}
