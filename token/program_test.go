//go:build unix

package token_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mfad/mfad/token"
)

// programVariable makes the test binary a mfad-token; its value says of which
// kind.
const programVariable = "MFAD_TEST_PROGRAM"

func TestMain(m *testing.M) {
	kind := os.Getenv(programVariable)
	if kind == "" {
		os.Exit(m.Run())
	}
	behave := programs[kind]
	behave(bufio.NewReader(os.Stdin))
}

// helper runs the test binary as a program of the kind.
func helper(t testing.TB, kind string, env ...string) *token.Helper {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if programs[kind] == nil {
		t.Fatalf("no program %q", kind)
	}
	// A program with the race detector would sleep before it ends.
	h := &token.Helper{Program: self, Env: append(env, programVariable+"="+kind, "GORACE=atexit_sleep_ms=0")}
	t.Cleanup(h.Quiet)
	return h
}

// next is the next line that the program gets.
func next(in *bufio.Reader) map[string]any {
	line, err := in.ReadString('\n')
	var object map[string]any
	if err == nil && json.Unmarshal([]byte(line), &object) != nil {
		panic("a line that is none")
	}
	return object
}

func say(format string, args ...any) {
	if _, err := fmt.Printf(format+"\n", args...); err != nil {
		os.Exit(9)
	}
}

const code = `{"jsonrpc":"2.0","id":1,"result":{"digits":"123456","token":{"model":"test","place":"here"}}}`

// forever blocks; a signal alone ends it. Without a timer the runtime would call
// it a deadlock.
func forever() {
	for range time.Tick(time.Hour) {
	}
}

const question = `{"jsonrpc":"2.0","id":7,"method":"ask","params":{"kind":"secret","what":"PIV PIN","token":"test","tries":3}}`

// ask asks for a PIN and returns the answer.
func ask(in *bufio.Reader) map[string]any {
	say(question)
	return next(in)
}

func await(what string) {
	say(`{"jsonrpc":"2.0","method":"await","params":{"for":%q,"token":{"model":"test","serial":"1"}}}`, what)
}

// programs are ways to be a mfad-token; the good ones end with their input.
var programs = map[string]func(in *bufio.Reader){
	"good": func(in *bufio.Reader) {
		next(in)
		say(code)
		next(in)
	},
	"serial": func(in *bufio.Reader) { // of the first token that is meant, after a word at the gate
		request := next(in)["params"].(map[string]any)["ref"].(map[string]any)
		await("touch")
		say(`{"jsonrpc":"2.0","id":1,"method":"ask","params":{"kind":"confirm","what":%q}}`, request["serials"].([]any)[0])
		next(in)
		say(code)
	},
	"asks": func(in *bufio.Reader) {
		next(in)
		answer, _ := ask(in)["result"].(map[string]any)
		if answer["text"] != "MTIzNDU2" {
			say(`{"jsonrpc":"2.0","id":1,"error":{"code":20,"message":"asking for the PIN: dismissed"}}`)
			return
		}
		say(code)
	},
	"asks for more": func(in *bufio.Reader) {
		next(in)
		say(`{"jsonrpc":"2.0","id":7,"method":"ask","params":{"kind":%q,"what":"passphrase of vault \"default\"","new":true,`+
			`"again":"o\u001b\ndd","token":"te\u001bst","tries":-2,"profile":"prod","asker":"aws","account":"1"}}`, os.Getenv("MFAD_TEST_KIND"))
		next(in)
		say(code)
	},
	"asks for a code": func(in *bufio.Reader) {
		next(in)
		say(`{"jsonrpc":"2.0","id":7,"method":"ask","params":{"kind":"code"}}`)
		forever()
	},
	"asks and waits": func(in *bufio.Reader) {
		next(in)
		ask(in)
		next(in)
		forever()
	},
	"waits for a touch": func(in *bufio.Reader) {
		next(in)
		await("touch")
		await("")
		await("insert")
		say(code)
	},
	"waits for its end": func(in *bufio.Reader) { next(in); await("insert"); next(in) },
	"blinks on": func(in *bufio.Reader) { // which the next call sees, by the file
		next(in)
		file := os.Getenv("MFAD_TEST_FILE")
		if os.Remove(file) == nil { // left by the last
			say(code)
			return
		}
		await("touch")
		next(in)
		if os.WriteFile(file, nil, 0o600) != nil {
			os.Exit(9)
		}
	},
	"guards": func(in *bufio.Reader) {
		next(in)
		say(`{"jsonrpc":"2.0","id":1,"error":{"code":45,"message":"opening: wrong PIN","data":{"retries":2}}}`)
	},
	"exits": func(in *bufio.Reader) {
		next(in)
		fmt.Fprintln(os.Stderr, "secrets of the first line\n the \x1b[31mlast words")
		os.Exit(3)
	},
	"exits at once":    func(*bufio.Reader) { os.Exit(4) },
	"misses pcsc":      func(*bufio.Reader) { missing("libpcsclite.so.1") },
	"misses fido2":     func(*bufio.Reader) { missing("libfido2.so.1") },
	"misses something": func(*bufio.Reader) { missing("libodd.so.1") },
	"has no cgo":       func(*bufio.Reader) { fmt.Fprintln(os.Stderr, "mfad-token: error:", token.WithoutCgo); os.Exit(1) },
	"crashes":          func(in *bufio.Reader) { next(in); _ = syscall.Kill(os.Getpid(), syscall.SIGSEGV); forever() },
	"is killed":        func(in *bufio.Reader) { next(in); _ = syscall.Kill(os.Getpid(), syscall.SIGKILL); forever() },
	"sees it go": func(in *bufio.Reader) {
		if next(in)["method"] == "watch" {
			say(`{"jsonrpc":"2.0","id":1,"result":{}}`)
		}
	},
	"hangs": func(in *bufio.Reader) {
		signal.Ignore(syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
		next(in)
		forever()
	},
	"never reads":          func(*bufio.Reader) { forever() },
	"hangs while it waits": func(in *bufio.Reader) { next(in); await("touch"); forever() },
	"hangs before a token": func(in *bufio.Reader) { next(in); await("insert"); forever() },
	"ends its input":       func(*bufio.Reader) { _ = os.Stdin.Close(); forever() },
	"ends its output":      func(in *bufio.Reader) { next(in); _ = os.Stdout.Close(); forever() },
	"talks without end":    func(in *bufio.Reader) { next(in); endlessly(func() { await("touch") }) },
	"drips":                func(in *bufio.Reader) { next(in); await("touch"); fmt.Print(`{"jsonrpc":`); forever() },
	"answers garbage":      func(in *bufio.Reader) { next(in); say("garbage"); forever() },
	"answers zeros":        func(in *bufio.Reader) { next(in); say("\x00\x00\xff"); forever() },
	"answers deep":         func(in *bufio.Reader) { next(in); say("%s", strings.Repeat("[", 100_000)); forever() },
	"answers nothing":      func(in *bufio.Reader) { next(in); say(`{"jsonrpc":"2.0","id":1}`); forever() },
	"answers null":         func(in *bufio.Reader) { next(in); say(`{"jsonrpc":"2.0","id":1,"result":null}`); forever() },
	"answers a list":       func(in *bufio.Reader) { next(in); say(`{"jsonrpc":"2.0","id":1,"result":[]}`); forever() },
	"answers no code": func(in *bufio.Reader) {
		next(in)
		say(`{"jsonrpc":"2.0","id":1,"result":{"digits":"12x456"}}`)
		forever()
	},
	"answers another": func(in *bufio.Reader) { next(in); say(`{"jsonrpc":"2.0","id":2,"result":{}}`); forever() },
	"answers an odd error": func(in *bufio.Reader) {
		next(in)
		say(`{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"un\u001b[31m\nknown"}}`)
	},
	"asks twice":       func(in *bufio.Reader) { next(in); say(question); say(question); forever() },
	"asks what is not": func(in *bufio.Reader) { next(in); say(`{"jsonrpc":"2.0","id":7,"method":"dance"}`); forever() },
	"asks nothing": func(in *bufio.Reader) {
		next(in)
		say(`{"jsonrpc":"2.0","id":7,"method":"ask","params":7}`)
		forever()
	},
	"tells what is not":   func(in *bufio.Reader) { next(in); say(`{"jsonrpc":"2.0","method":"dance"}`); forever() },
	"awaits what is not":  func(in *bufio.Reader) { next(in); await("godot"); forever() },
	"awaits nonsense":     func(in *bufio.Reader) { next(in); say(`{"jsonrpc":"2.0","method":"await","params":7}`); forever() },
	"ends in half a line": func(in *bufio.Reader) { next(in); fmt.Print(`{"jsonrpc":"2.0","id":1,"res`) },
	"writes without end":  func(in *bufio.Reader) { next(in); endlessly(func() { fmt.Print(strings.Repeat("x", 4096)) }) },
	"complains without end": func(in *bufio.Reader) {
		next(in)
		endlessly(func() { fmt.Fprint(os.Stderr, strings.Repeat("x", 4096)) })
	},
	"asks after the end": func(in *bufio.Reader) {
		next(in)
		say(code)
		endlessly(func() { ask(in) })
	},
	"leaves children": func(in *bufio.Reader) {
		next(in)
		child := exec.Command("/bin/sleep", "1000")
		child.Stdout, child.Stderr = os.Stdout, os.Stderr
		if err := child.Start(); err != nil {
			panic(err)
		}
		say(code)
	},
	"wraps": func(in *bufio.Reader) { // badly
		request := next(in)
		params := request["params"].(map[string]any)
		stanzas, _ := params["stanzas"].([]any)
		switch {
		case request["method"] == "wrap":
			say(`{"jsonrpc":"2.0","id":1,"result":{"stanzas":[{"type":"test","args":[%q],"body":%q}]}}`, params["identity"], params["fileKey"])
		case len(stanzas) == 0:
			say(`{"jsonrpc":"2.0","id":1,"error":{"code":3,"message":"nothing for us"}}`)
		default:
			say(`{"jsonrpc":"2.0","id":1,"result":{"fileKey":%q,"token":{"model":"test"}}}`, stanzas[0].(map[string]any)["body"])
		}
	},
	"tells its environment": func(in *bufio.Reader) {
		next(in)
		var r token.Listing
		r.Faults = append(r.Faults, os.Environ()...)
		text, _ := json.Marshal(r)
		say(`{"jsonrpc":"2.0","id":1,"result":%s}`, text)
	},
}

// missing ends as ld.so does when a library is not there.
func missing(library string) {
	fmt.Fprintf(os.Stderr, "/usr/bin/mfad-token: error while loading shared libraries: %s: "+
		"cannot open shared object file: No such file or directory\n", library)
	os.Exit(127)
}

// endlessly does it again and again.
func endlessly(do func()) {
	for {
		do()
	}
}
