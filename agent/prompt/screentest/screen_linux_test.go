package screentest

import (
	"errors"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestReadsOfAPersonHaveDeadlines(t *testing.T) {
	person, _ := Open(t)
	if _, err := Echoes(person); err != nil {
		t.Fatal(err)
	}
	if err := person.SetReadDeadline(time.Now().Add(10 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if _, err := person.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestReadOfAPersonIsOverWhenItIsClosed(t *testing.T) {
	person, _ := Open(t)
	over := make(chan error, 1)
	go func() {
		_, err := person.Read(make([]byte, 1))
		over <- err
	}()
	_ = person.Close()
	if err := <-over; !errors.Is(err, os.ErrClosed) {
		t.Errorf("got %v", err)
	}
}

func TestProgramsInheritNoTerminal(t *testing.T) {
	person, tty := Open(t)
	for _, f := range []*os.File{person, tty} {
		flags, err := unix.FcntlInt(f.Fd(), unix.F_GETFD, 0)
		if err != nil || flags&unix.FD_CLOEXEC == 0 {
			t.Errorf("%s: flags %#x, %v", f.Name(), flags, err)
		}
	}
}
