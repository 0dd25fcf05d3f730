package token

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/mfad/mfad/internal/human"
)

// callID is the id of the one call that is made of a process.
const callID = "1"

// mostMessages is how many messages a process may send: far more than any
// operation has to say.
const mostMessages = 1000

// call is one call of a mfad-token process.
type call struct {
	method         string
	params, result any
	person         Person // nil: nobody to ask
	lanes          []string
	leave          func()        // the lanes
	wait           time.Duration // that it may wait for a token
	endless        bool          // it may take any time, in silence
	kinds          Kinds         // of keys that the program has

	*process
	limits limits
	heard  int // messages

	asking   chan reply // not nil: a question is open
	waiting  string     // what the standing Await is for
	withdraw func()     // the standing Await's done, or nil
	refusal  error      // the person's last
}

// reply is a person's answer to the question of the id.
type reply struct {
	id     json.RawMessage
	answer json.RawMessage
	err    error
}

// run makes the call and leaves nothing behind, but for a program that was given
// up and may have begun something.
func (c *call) run(ctx context.Context) error {
	asking, cancel := context.WithCancel(ctx)
	answer, err := c.talk(ctx, asking)
	cancel()
	if c.asking != nil {
		r := <-c.asking // a Person returns when its context ends
		clear(r.answer)
	}
	c.unwait()
	if err != nil && ctx.Err() != nil && !c.endless {
		go func() {
			defer c.leave()
			c.finish(c.limits.touch)
		}()
		clear(answer)
		return context.Cause(ctx)
	}
	defer c.leave()
	var grace time.Duration
	if err == nil || ctx.Err() != nil || errors.Is(err, io.EOF) {
		grace = c.limits.grace
	}
	stderr := c.finish(grace)
	defer clear(answer)
	switch {
	case err == nil:
		return c.decode(answer)
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, io.EOF):
		return c.ended(stderr)
	}
	return c.mine(err)
}

// decode reads the answer, which must make sense.
func (c *call) decode(answer json.RawMessage) error {
	err := json.Unmarshal(answer, c.result)
	if checked, ok := c.result.(interface{ check() error }); err == nil && ok {
		err = checked.check()
	}
	if err != nil {
		return c.senseless()
	}
	return nil
}

// senseless is the error of an answer that makes no sense.
func (c *call) senseless() error {
	return fmt.Errorf("%w: its answer to %s is none", ErrHelper, c.method)
}

// mine puts the person's own refusal in the place of what has come back of it.
func (c *call) mine(err error) error {
	if c.refusal != nil && errors.Is(err, human.ErrDismissed) {
		return c.refusal
	}
	return err
}

// talk sends the call and serves the process until the answer is there. It
// returns io.EOF when the process has ended.
func (c *call) talk(ctx, asking context.Context) (json.RawMessage, error) {
	defer context.AfterFunc(ctx, func() { _ = c.in.Close() })() // ends a write
	if err := c.request(); err != nil {
		return nil, err
	}
	whole := time.NewTimer(c.limits.whole + c.wait)
	defer whole.Stop()
	silence := time.NewTimer(c.limits.silence)
	defer silence.Stop()
	for {
		quiet := silence.C
		if c.asking != nil {
			quiet = nil // the person may think
		}
		var err error
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-whole.C:
			return nil, fmt.Errorf("%w: it did not end within %v", ErrHelper, c.limits.whole+c.wait)
		case <-quiet:
			return nil, fmt.Errorf("%w: it hung: nothing came from it for %v", ErrHelper, c.patience())
		case r := <-c.asking:
			err = c.reply(r)
		case m, more := <-c.messages:
			switch {
			case !more:
				return nil, c.closed()
			case m.Method == "":
				return c.answered(m)
			}
			err = c.take(asking, m)
		}
		if err != nil {
			return nil, err
		}
		silence.Reset(c.patience())
	}
}

// patience is how long the process may now be silent.
func (c *call) patience() time.Duration {
	switch c.waiting {
	case AwaitTouch:
		return c.limits.touch
	case AwaitInsert:
		return c.wait + c.limits.slack
	}
	return c.limits.silence
}

func (c *call) request() error {
	params, err := json.Marshal(c.params)
	defer clear(params)
	if err == nil {
		err = c.send(message{ID: json.RawMessage(callID), Method: c.method, Params: params}, c.limits.silence)
	}
	return c.unsent(err)
}

// unsent is the error of a write. A process that does not read has ended, most
// likely: the end of its output tells more.
func (c *call) unsent(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errLongLine):
		return fmt.Errorf("%w: calling %s: %w", ErrInvalid, c.method, err)
	}
	return io.EOF
}

// closed is the error of a process whose output has ended, or makes no sense.
func (c *call) closed() error {
	if errors.Is(c.fault, io.EOF) || errors.Is(c.fault, io.ErrUnexpectedEOF) {
		return io.EOF
	}
	return nonsense(c.fault.Error())
}

func nonsense(what string) error { return fmt.Errorf("%w: it sent %s", ErrHelper, what) }

// answered is the result or error of the one call.
func (c *call) answered(m message) (json.RawMessage, error) {
	switch {
	case string(m.ID) != callID:
		return nil, nonsense("an answer to a call that was not made")
	case m.Error != nil:
		return nil, FromRPC(m.Error)
	case m.Result == nil:
		return nil, nonsense("an answer without a result")
	}
	return m.Result, nil
}
