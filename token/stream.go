package token

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/sourcegraph/jsonrpc2"

	"github.com/mfad/mfad/internal/sealed"
)

// maxLine is the longest line of the protocol, in bytes with its newline.
const maxLine = 1 << 20

var errLongLine = fmt.Errorf("a line of more than %d bytes", maxLine)

// Stream carries one JSON object a line, of at most 1 MiB, each written by one
// Write; it wipes its buffers of what has passed. It has at most one reader and
// one writer at a time, and is useless after an error of ReadObject.
type Stream struct {
	in   *bufio.Reader
	pipe io.ReadWriteCloser
}

var _ jsonrpc2.ObjectStream = (*Stream)(nil)

// NewStream frames pipe. Close closes it.
func NewStream(pipe io.ReadWriteCloser) *Stream {
	return &Stream{bufio.NewReaderSize(pipe, maxLine), pipe}
}

// Close closes the pipe under the stream.
func (s *Stream) Close() error { return s.pipe.Close() }

// ReadObject decodes the next line into v. It returns io.EOF between lines and
// io.ErrUnexpectedEOF within one; no error quotes a line.
func (s *Stream) ReadObject(v any) error {
	line, err := s.in.ReadSlice('\n')
	defer clear(line) // a part of the buffer
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return errLongLine
	case err == io.EOF && len(line) > 0:
		return io.ErrUnexpectedEOF
	case err != nil:
		return err
	}
	if json.Unmarshal(line, v) != nil {
		return errors.New("a line that is no message")
	}
	return nil
}

// WriteObject sends v as one line. A line that is too long is not sent.
func (s *Stream) WriteObject(v any) error {
	object, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encoding a message: %w", err)
	}
	line := sealed.Fill(append(object, '\n'))
	defer clear(line)
	if len(line) > maxLine {
		return errLongLine
	}
	_, err = s.pipe.Write(line)
	return err
}
