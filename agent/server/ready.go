package server

import (
	"fmt"
	"os"
	"strconv"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/line"
)

// Ready tells the client that started this process, if one did, that the agent
// listens, or in one line why it does not. Only the first call tells; without
// a waiting client Ready does nothing.
func Ready(failure error) {
	text, ok := os.LookupEnv(wire.ReadyVariable)
	if !ok {
		return
	}
	_ = os.Unsetenv(wire.ReadyVariable)
	fd, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return
	}
	pipe := os.NewFile(uintptr(fd), "ready pipe")
	if pipe == nil {
		return
	}
	defer func() { _ = pipe.Close() }()
	said := wire.ReadyLine
	if failure != nil {
		said = line.One(failure.Error())
	}
	_, _ = fmt.Fprintln(pipe, said) // a client that left needs no answer
}
