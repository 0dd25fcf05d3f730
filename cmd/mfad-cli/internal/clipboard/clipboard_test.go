package clipboard

import (
	"errors"
	"io"
	"strings"
	"testing"
)

type screen struct {
	strings.Builder
	closed bool
}

func (s *screen) Close() error {
	s.closed = true
	return nil
}

func TestWithoutAToolTheTerminalIsAsked(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	nothing := func(string) string { return "" }
	s := new(screen)
	board, err := Find(nothing, func() (io.WriteCloser, error) { return s, nil })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := board.Put("123456"); err != nil || s.String() != "\x1b]52;c;MTIzNDU2\a" || !s.closed {
		t.Errorf("%q, closed %v, %v", s.String(), s.closed, err)
	}
	if _, err := Find(nothing, func() (io.WriteCloser, error) { return nil, io.EOF }); !errors.Is(err, ErrNone) {
		t.Errorf("without a terminal: %v", err)
	}
}

func TestHoldKnowsItsToolsAlone(t *testing.T) {
	if known, err := Hold(t.Context(), "rm", strings.NewReader("x")); known || err != nil {
		t.Errorf("known %v, %v", known, err)
	}
}
