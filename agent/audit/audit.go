// Package audit keeps what the agent tells of itself afterwards: a file with a
// line for whatever was handed out, changed or refused, and in memory the last
// refusals, since SDKs hide why a credential process has failed.
//
// A line says what was done, for which process, about what, and whether it was
// granted. It holds no secret: the package is not given any. It decides neither
// what is written nor what is refused; that stands in the table of methods of
// package agent, which calls it.
package audit

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/mfad/mfad/internal/durable"
	"github.com/mfad/mfad/internal/line"
)

// Event is what one line tells: what was handed out, changed or refused, and to
// whom. Empty fields are left out.
type Event struct {
	What  string // the method
	PID   int
	Asker string // the process, as it claims

	Subject

	Err error // nil: granted
}

// Subject is what an event is about.
type Subject struct {
	Name   string   // of the profile, the device, the key, the slot or the token
	Role   string   // the ARN of the role that was assumed
	KeyID  string   // the access key id that was handed out, or signed with
	Action string   // what was done, where the method is for several things
	Tokens []string // the tokens that have part in it
}

// Log writes events, one JSON object a line. It is safe for concurrent use.
type Log struct {
	out slog.Handler
	now func() time.Time
	log *slog.Logger
}

// Options are what a [Log] is made of. All must be set.
type Options struct {
	FS     durable.FS
	Path   string // of the file
	Now    func() time.Time
	Logger *slog.Logger // is told what could not be written
}

// New returns a Log that appends to a file, which it opens, and makes, at the
// first event.
func New(o Options) *Log {
	out := &file{fsys: o.FS, path: o.Path, limit: sizeLimit}
	brief := func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.LevelKey || a.Value.Equal(slog.StringValue("")) || a.Value.Equal(slog.IntValue(0)) {
			return slog.Attr{}
		}
		return a
	}
	return &Log{slog.NewJSONHandler(out, &slog.HandlerOptions{ReplaceAttr: brief}), o.Now, o.Logger}
}

// Write writes the line of an event that happens now. A full disk refuses no
// request: a line that cannot be written is missed, and the program's log says so.
func (l *Log) Write(ctx context.Context, e Event) {
	verdict, why := "granted", ""
	if e.Err != nil {
		verdict, why = "refused", line.One(e.Err.Error()) // the line that the client sees
	}
	record := slog.NewRecord(l.now(), slog.LevelInfo, e.What, 0)
	record.AddAttrs(slog.String("verdict", verdict), slog.Int("pid", e.PID), slog.String("asker", e.Asker),
		slog.String("profile", e.Name), slog.String("role", e.Role), slog.String("key", e.KeyID), slog.String("action", e.Action),
		slog.String("tokens", strings.Join(e.Tokens, " ")), slog.String("why", why))
	if err := l.out.Handle(ctx, record); err != nil {
		l.log.ErrorContext(ctx, "audit line was not written", "err", err)
	}
}
