package tokentest

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"syscall"
)

// pcscd looks at each reader every 0.4 s. A test that pulls a token out and
// puts it in again waits for two such looks, and there are hundreds. The copy of
// pcscd that tests run looks ten times as often. Nothing else in it differs.
const (
	pollRate  = 400_000 // microseconds: PCSCLITE_STATUS_POLL_RATE
	quickRate = 40_000
)

// pause is "call the pause with this argument" in the code of x86-64, up to the
// argument: mov edi, imm32.
const pause = 0xbf

// quickDaemon puts a pcscd that looks at its readers more often into dir. Where
// the code is not as we know it, the result is the program itself: tests take
// longer with it, and show the same.
func quickDaemon(program, dir string) (string, error) {
	code, err := os.ReadFile(program)
	if err != nil {
		return "", err
	}
	slow := binary.LittleEndian.AppendUint32([]byte{pause}, pollRate)
	if bytes.Count(code, slow) != 1 {
		return program, nil
	}
	quick := binary.LittleEndian.AppendUint32([]byte{pause}, quickRate)
	path := filepath.Join(dir, "pcscd")
	// A process that is started meanwhile would hold the file open for writing
	// for a moment, and such a file cannot be executed.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	return path, os.WriteFile(path, bytes.Replace(code, slow, quick, 1), 0o700)
}
