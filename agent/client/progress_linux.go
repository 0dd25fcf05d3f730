package client

import (
	"bytes"
	"os"
	"strconv"
)

// worked is how long a process has used processors, in ticks; 0 if that is not
// known. Anybody may read it.
func worked(pid int) (ticks uint64) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0
	}
	// pid (name) state ... utime stime, the 14th and 15th (proc(5)); the name may
	// hold anything.
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	const user, system = 11, 12
	if len(fields) <= system {
		return 0
	}
	for _, field := range fields[user : system+1] {
		n, _ := strconv.ParseUint(string(field), 10, 64)
		ticks += n
	}
	return ticks
}
