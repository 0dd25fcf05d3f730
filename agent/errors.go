package agent

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"syscall"

	"github.com/mfad/mfad/internal/errcode"
	"github.com/mfad/mfad/internal/line"
)

// cross turns a refusal into what the client sees: its code, and one line.
func cross(err error) *errcode.Error {
	told := errcode.Told(err)
	for what, value := range told {
		told[what] = line.Short(value, longestTold)
	}
	return &errcode.Error{Code: codeOf(err), Message: line.One(err.Error()), Told: told}
}

// longestTold bounds what an advice can name, which may be a URL of a file.
const longestTold = 300

// codeOf is the code that a refusal bears, or that of what the system reports.
func codeOf(err error) errcode.Code {
	if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) {
		return errcode.NoFiles // whatever could not be opened is not to blame
	}
	if code, ok := errcode.Of(err); ok {
		return code
	}
	var path *fs.PathError
	var link *os.LinkError
	var call *os.SyscallError
	switch {
	case errors.Is(err, syscall.EROFS):
		return errcode.ReadOnly
	case errors.Is(err, syscall.EISDIR):
		return errcode.NotAFile
	case errors.Is(err, context.DeadlineExceeded):
		return errcode.Timeout
	case errors.Is(err, context.Canceled):
		return errcode.Dismissed
	case errors.As(err, &path), errors.As(err, &link), errors.As(err, &call):
		return errcode.Disk
	}
	return errcode.Internal
}
