package agent

import (
	"cmp"
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/durable"
)

// auditLimit is the size in bytes at which the audit file is set aside; one
// older file is kept beside it.
const auditLimit = 8 << 20

// audited are the methods that hand nothing out and leave a line all the same:
// they change what the vault keeps, where it may go, who can open it, and when.
var audited = []string{
	wire.MethodVaultCreate, wire.MethodVaultUnlock, wire.MethodVaultLock, wire.MethodVaultHold,
	wire.MethodSlotAdd, wire.MethodSlotRemove,
	wire.MethodKeyImport, wire.MethodKeyRemove, wire.MethodKeyTrust, wire.MethodKeyMove,
	wire.MethodDeviceAdd, wire.MethodDeviceRemove, wire.MethodDeviceMove, wire.MethodTokenProtect,
}

// change is the event of an audited method. It is about the item, the slot or
// the token that the parameters name; bad ones are about nothing.
func change(params json.RawMessage, result any, err error) event {
	var about struct {
		Name, Kind, ID, Slot, Token, Action string
		Tokens                              []string
	}
	_ = json.Unmarshal(params, &about)
	e := event{profile: cmp.Or(about.Name, about.Kind, about.ID, about.Slot, about.Token), action: about.Action, tokens: about.Tokens, err: err}
	if err == nil {
		e.tokens = changedTokens(result)
	}
	return e
}

// changedTokens are those that a result tells of.
func changedTokens(result any) []string {
	switch r := result.(type) {
	case wire.Device:
		return r.Tokens
	case wire.DeviceAddResult:
		if len(r.Devices) > 0 {
			return r.Devices[0].Tokens // all went onto the same
		}
	case wire.Key:
		return r.Tokens
	case wire.Token:
		return []string{r.Serial}
	}
	return nil
}

// event is what one audit line tells: what was handed out, changed or refused,
// and to whom. It holds no secret.
type event struct {
	at      time.Time
	what    string // the method
	pid     int
	asker   string // the process, as it claims
	profile string // or the name of the device or key, or the slot
	role    string
	keyID   string // the access key id that was handed out, or signed with
	action  string // what was done, where the method is for several things
	tokens  []string
	err     error // nil: granted
}

// audit writes events, one JSON object a line.
type audit struct{ out slog.Handler }

func newAudit(fsys durable.FS, path string) audit {
	file := &auditFile{fsys: fsys, path: path, limit: auditLimit}
	brief := func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.LevelKey || a.Value.Equal(slog.StringValue("")) || a.Value.Equal(slog.IntValue(0)) {
			return slog.Attr{}
		}
		return a
	}
	return audit{slog.NewJSONHandler(file, &slog.HandlerOptions{ReplaceAttr: brief})}
}

func (a audit) record(ctx context.Context, e event) error {
	verdict, why := "granted", ""
	if e.err != nil {
		verdict, why = "refused", e.err.Error()
	}
	line := slog.NewRecord(e.at, slog.LevelInfo, e.what, 0)
	line.AddAttrs(slog.String("verdict", verdict), slog.Int("pid", e.pid), slog.String("asker", e.asker),
		slog.String("profile", e.profile), slog.String("role", e.role), slog.String("key", e.keyID), slog.String("action", e.action),
		slog.String("tokens", strings.Join(e.tokens, " ")), slog.String("why", why))
	return a.out.Handle(ctx, line)
}

// auditFile appends lines to a file that it opens at the first one. It is an
// io.Writer for one slog handler, which serialises the calls.
type auditFile struct {
	fsys  durable.FS
	path  string
	limit int64

	open durable.File
	size int64
	torn bool // half a line may stand at the end
}

func (f *auditFile) Write(line []byte) (int, error) {
	if err := f.makeRoom(int64(len(line))); err != nil {
		return 0, err
	}
	if f.torn {
		line = append([]byte("\n"), line...)
	}
	n, err := f.open.Write(line)
	f.size += int64(n)
	if f.torn = err != nil; f.torn {
		f.close() // a full disk may have room again at the next line
	}
	return n, err
}

// makeRoom opens the file, a new one if the old has no room for n bytes.
func (f *auditFile) makeRoom(n int64) error {
	if err := f.reopen(); err != nil || f.size+n <= f.limit {
		return err
	}
	f.close()
	if err := f.fsys.Rename(f.path, f.path+".1"); err != nil {
		return err
	}
	f.torn = false
	return f.reopen()
}

func (f *auditFile) reopen() error {
	if f.open != nil {
		return nil
	}
	open, err := f.fsys.OpenFile(f.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	f.open, f.size = open, 0
	if info, err := f.fsys.Lstat(f.path); err == nil {
		f.size = info.Size()
	}
	return nil
}

func (f *auditFile) close() {
	_ = f.open.Close()
	f.open = nil
}
