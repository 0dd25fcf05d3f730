package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// talkOnTerminal is `talk FILE CODE COMMAND…` of scripts: it runs a command on
// a terminal of its own and holds the conversation of the file: a line "< TEXT"
// waits until the terminal shows the text, "> TEXT" types it and Return, "^C"
// presses Ctrl-C. It fails unless the command exits with the code, leaves the
// terminal echoing lines, and showed what was waited for. What the terminal
// showed comes out on standard output.
func talkOnTerminal() {
	if err := talk(os.Args[1], os.Args[2], os.Args[3:]); err != nil {
		fmt.Fprintln(os.Stderr, "talk:", err)
		os.Exit(1)
	}
}

func talk(file, code string, command []string) error {
	lines, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	master, slave, err := pty.Open()
	if err != nil {
		return err
	}
	defer master.Close()
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	screen := watchScreen(master)
	talkErr := converse(master, screen, string(lines))
	if talkErr != nil {
		_ = cmd.Process.Kill()
	}
	_ = cmd.Wait() // the exit code is judged below
	termios, err := unix.IoctlGetTermios(int(slave.Fd()), unix.TCGETS)
	_ = slave.Close()
	fmt.Print(strings.ReplaceAll(screen.rest(), "\r", ""))
	switch got := cmd.ProcessState.ExitCode(); {
	case talkErr != nil:
		return talkErr
	case err != nil:
		return err
	case termios.Lflag&unix.ECHO == 0 || termios.Lflag&unix.ICANON == 0:
		return errors.New("the terminal was left without echo")
	case strconv.Itoa(got) != code:
		return fmt.Errorf("exit code %d, want %s", got, code)
	}
	return nil
}

func converse(master *os.File, screen *screen, script string) error {
	for line := range strings.Lines(script) {
		line = strings.TrimRight(line, "\n")
		var err error
		switch {
		case strings.HasPrefix(line, "< "):
			err = screen.await(line[2:])
		case strings.HasPrefix(line, "> "):
			_, err = master.WriteString(line[2:] + "\r")
		case line == "^C":
			_, err = master.WriteString("\x03")
		default:
			err = fmt.Errorf("what is %q?", line)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// A screen is what a terminal has shown.
type screen struct {
	more  chan string
	shown string
	from  int // what was waited for lies before
}

func watchScreen(master *os.File) *screen {
	s := &screen{more: make(chan string)}
	go func() {
		defer close(s.more)
		buf := make([]byte, 4096)
		for {
			n, err := master.Read(buf)
			if n > 0 {
				s.more <- string(buf[:n])
			}
			if err != nil { // EIO: nobody has the other end open
				return
			}
		}
	}()
	return s
}

func (s *screen) await(text string) error {
	tooLong := time.After(20 * time.Second)
	for {
		if i := strings.Index(s.shown[s.from:], text); i >= 0 {
			s.from += i + len(text)
			return nil
		}
		select {
		case more, open := <-s.more:
			if !open {
				return fmt.Errorf("it ended without %q", text)
			}
			s.shown += more
		case <-tooLong:
			return fmt.Errorf("no %q; the terminal shows %q", text, s.shown)
		}
	}
}

// rest is all that was shown, to the end.
func (s *screen) rest() string {
	for more := range s.more {
		s.shown += more
	}
	return s.shown
}
