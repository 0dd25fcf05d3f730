// Package audit keeps what the agent tells of itself afterwards: files with a line
// for whatever was handed out, changed or refused, and in memory the last
// refusals, since SDKs hide why a credential process has failed.
//
// A line says what was done, for which process, about what, and whether it was
// granted. It holds no secret: the package is not given any. Whatever a caller
// says of itself, or asks for, is bounded and made fit to be shown, here and
// nowhere else. There are three files, so that nobody pushes out what was granted by
// asking for what is refused, or what lasts by asking for what is handed out to all.
//
// It decides neither what is written nor what is refused, nor what a line that
// cannot be written means; that stands in the table of methods of package agent,
// which calls it.
package audit

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/mfad/mfad/internal/durable"
	"github.com/mfad/mfad/internal/errcode"
	"github.com/mfad/mfad/internal/line"
	"github.com/mfad/mfad/internal/logfile"
)

// ErrUnwritten says that a line could not be written.
var ErrUnwritten = errcode.New(errcode.AuditUnwritten, "the audit log cannot be written")

// Event is what one line tells: what was handed out, changed or refused, and to
// whom. Empty fields are left out.
type Event struct {
	What  string // the method
	PID   int
	Asker string // the process, as it claims

	Subject

	Err error // nil: granted
	// Lasts says that it outlasts an unlock, or that a person has proved it.
	Lasts bool
}

// Subject is what an event is about.
type Subject struct {
	Name   string   // of the profile, the device, the key, the slot or the token
	Role   string   // the ARN of the role that was assumed
	KeyID  string   // the access key id that was handed out, or signed with
	Action string   // what was done, where the method is for several things
	Tokens []string // the tokens that have part in it
}

// The longest that a field is, in runes: what callers and files say has no end of
// its own.
const (
	maxWord = 64  // of a method, an access key id
	maxName = 256 // the longest name of an item of a vault
	maxText = 640 // the longest ARN of a role, a route to AWS, or a refusal
)

// sizeLimit is the size in bytes at which a file is set aside; one older file is
// kept beside it.
const sizeLimit = 8 << 20

// Log writes events, one JSON object a line. It is safe for concurrent use.
type Log struct {
	granted, lasting, refused journal

	now   func() time.Time
	log   *slog.Logger
	since time.Time

	mu     sync.Mutex
	faults map[*logfile.File]string // why the last line of a file was not written
	lost   []string                 // what became of files, the last of it
}

// Options are what a [Log] is made of. All must be set.
type Options struct {
	FS     durable.FS
	Path   string // of the file of what was granted, and does not last
	Now    func() time.Time
	Logger *slog.Logger // is told what could not be written
}

// RefusedPath is the file beside a log for what was asked for and refused.
func RefusedPath(path string) string { return beside(path, "-refused") }

// LastingPath is the file beside a log for what was granted, and lasts.
func LastingPath(path string) string { return beside(path, "-lasting") }

func beside(path, suffix string) string {
	ext := filepath.Ext(path)
	return strings.TrimSuffix(path, ext) + suffix + ext
}

// New returns a Log that appends to files, which it opens, and makes, at the first
// events.
func New(o Options) *Log {
	l := &Log{now: o.Now, log: o.Logger, faults: map[*logfile.File]string{}}
	for _, path := range []string{o.Path, LastingPath(o.Path)} {
		if info, err := o.FS.Lstat(path); err == nil && info.Size() > 0 && info.ModTime().After(l.since) {
			l.since = info.ModTime()
		}
	}
	l.granted, l.lasting, l.refused = l.open(o, o.Path), l.open(o, LastingPath(o.Path)), l.open(o, RefusedPath(o.Path))
	return l
}

// journal is one file and what makes its lines.
type journal struct {
	file *logfile.File
	slog.Handler
}

func (l *Log) open(o Options, path string) journal {
	f := logfile.New(logfile.Options{FS: o.FS, Path: path, Limit: sizeLimit, Lost: func(what string) []byte {
		return l.note(filepath.Base(path), what)
	}})
	return journal{f, handler(f)}
}

// handler writes records without what is empty in them.
func handler(out io.Writer) slog.Handler {
	return slog.NewJSONHandler(out, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.LevelKey || a.Value.Equal(slog.StringValue("")) || a.Value.Equal(slog.IntValue(0)) {
			return slog.Attr{}
		}
		return a
	}})
}

// Write writes the line of an event that happens now. The error wraps ErrUnwritten;
// the program's log, and Warnings, say so too.
func (l *Log) Write(ctx context.Context, e Event) error {
	switch {
	case e.Err != nil:
		return l.write(ctx, l.refused, "refused", e)
	case e.Lasts:
		return l.write(ctx, l.lasting, "granted", e)
	}
	return l.write(ctx, l.granted, "granted", e)
}

// Ask writes the line of an event that lasts, and must not happen unless it can be told of
// afterwards, before it does: beside what is refused, as nobody has granted it yet.
// It makes sure that the line of the granted event has a file. The error wraps
// ErrUnwritten.
func (l *Log) Ask(ctx context.Context, e Event) error {
	if err := l.write(ctx, l.refused, "asked", e); err != nil {
		return err
	}
	return l.settle(ctx, l.lasting.file, l.lasting.file.Probe())
}

func (l *Log) write(ctx context.Context, out journal, verdict string, e Event) error {
	why := ""
	if e.Err != nil {
		why = e.Err.Error() // the line that the client sees
	}
	record := slog.NewRecord(l.now(), slog.LevelInfo, line.Short(e.What, maxWord), 0)
	record.AddAttrs(slog.String("verdict", verdict), slog.Int("pid", e.PID), text("asker", e.Asker, maxName),
		text("profile", e.Name, maxName), text("role", e.Role, maxText), text("key", e.KeyID, maxWord), text("action", e.Action, maxText),
		text("tokens", strings.Join(e.Tokens, " "), maxName), text("why", why, maxText))
	return l.settle(ctx, out.file, out.Handle(ctx, record))
}

func text(key, value string, limit int) slog.Attr { return slog.String(key, line.Short(value, limit)) }

// settle remembers whether the last line of a file could be written, and wraps why
// not.
func (l *Log) settle(ctx context.Context, of *logfile.File, err error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil {
		delete(l.faults, of)
		return nil
	}
	l.faults[of] = line.Short(err.Error(), maxText)
	l.log.ErrorContext(ctx, "audit line was not written", "err", err)
	return fmt.Errorf("%w: %w", ErrUnwritten, err)
}

// note makes the line that says what somebody did to a file, and remembers it.
func (l *Log) note(name, what string) []byte {
	why := fmt.Sprintf("%s was %s by another program: what it said before is gone, or elsewhere", name, what)
	l.log.Warn("audit log was meddled with", "file", name, "was", what)
	now := l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	const most = 4
	l.lost = append(l.lost[max(0, len(l.lost)-most+1):len(l.lost):len(l.lost)], now.UTC().Format(time.RFC3339)+": "+why)
	var b bytes.Buffer
	record := slog.NewRecord(now, slog.LevelInfo, "audit.lost", 0)
	record.AddAttrs(slog.String("why", why))
	_ = handler(&b).Handle(context.Background(), record) // a buffer takes all
	return b.Bytes()
}

// Warnings tells, for a person, of lines that are not written and of files that
// others have meddled with.
func (l *Log) Warnings() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []string
	for _, of := range []journal{l.granted, l.lasting, l.refused} {
		if fault := l.faults[of.file]; fault != "" {
			all = append(all, "the audit log cannot be written: "+fault)
		}
	}
	return append(all, l.lost...)
}

// LastBefore is when the last line of what was granted was written before this Log was made; zero: there
// was none.
func (l *Log) LastBefore() time.Time { return l.since }
