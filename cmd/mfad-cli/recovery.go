package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/mfad/mfad/cmd/mfad-cli/internal/tty"
	"github.com/mfad/mfad/internal/line"
)

// A recoverySink is where a recovery key goes. It is found before the key is
// made: a key that cannot be shown would be lost, for nothing else keeps it.
type recoverySink struct {
	file     *os.File       // --recovery-file
	terminal io.WriteCloser // else the person's eyes
}

// openRecoverySink refuses to go on when there is neither a file nor a
// terminal; standard output is not taken, because it ends in logs.
func openRecoverySink(path string) (*recoverySink, error) {
	if path != "" {
		file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if errors.Is(err, os.ErrExist) {
			return nil, usagef("Give --recovery-file the path of a file that does not exist yet.", "%s exists, and is not overwritten", path)
		} else if err != nil {
			return nil, usagef(noHint, "making the recovery file: %w", err)
		}
		return &recoverySink{file: file}, nil
	}
	terminal, err := tty.Open()
	if err != nil {
		return nil, advice{exitPerson, "Give --recovery-file PATH to have it written there."}.errorf(
			"there is no terminal to show the recovery key on")
	}
	return &recoverySink{terminal: terminal}, nil
}

// abandon undoes openRecoverySink when there is no key after all.
func (s *recoverySink) abandon() {
	if s.file != nil {
		_ = s.file.Close()
		_ = os.Remove(s.file.Name())
		return
	}
	_ = s.terminal.Close()
}

const recoveryAdvice = `
Your recovery key, shown this once:

    %s

Write it down or print it, and keep it where the vault is not: it opens the
vault without mfad, without the keychain and without the passphrase. Whoever
has both it and a copy of %s
has your keys.

`

// deliver hands the key over; the words that go with it are said on c.
func (s *recoverySink) deliver(c console, key, vault string) error {
	if s.file == nil {
		_, err := fmt.Fprintf(s.terminal, recoveryAdvice, key, line.One(vault))
		return errors.Join(err, s.terminal.Close())
	}
	// age ignores lines that begin with #.
	_, err := fmt.Fprintf(s.file, "# mfad: recovery key of %s, made %s\n%s\n", line.One(vault), time.Now().UTC().Format(time.RFC3339), key)
	if err := errors.Join(err, s.file.Sync(), s.file.Close()); err != nil {
		return advice{exitError, `Run "mfad vault slot add recovery" for another one.`}.errorf("writing the recovery key: %w", err)
	}
	c.say("mfad: the recovery key is in %s", s.file.Name())
	c.hint("Move that file off this machine: with a copy of the vault it opens everything.")
	return nil
}
