//go:build cgo && linux

package pcsc

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// A YubiKey is a reader that comes and goes with its card, which no virtual
// reader does. A plug is a pcscd in that one respect: it says which readers
// there are to a real libpcsclite, which is why that runs in another process.
// The structures are those of pcsc-lite's winscard_msg.h and eventhandler.h.
type plug struct {
	mu       sync.Mutex
	readers  []string // each with a card
	contexts []net.Conn
	waiting  map[net.Conn]bool
}

const (
	maxReaders  = 16
	readerState = 184
)

func (p *plug) serve(conn net.Conn) {
	defer conn.Close()
	for {
		var head [8]byte
		if _, err := io.ReadFull(conn, head[:]); err != nil {
			return
		}
		body := make([]byte, binary.NativeEndian.Uint32(head[:]))
		if _, err := io.ReadFull(conn, body); err != nil {
			return
		}
		if _, err := conn.Write(p.answer(conn, binary.NativeEndian.Uint32(head[4:]), body)); err != nil {
			return
		}
	}
}

func (p *plug) answer(conn net.Conn, command uint32, body []byte) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch command {
	case 0x01: // establish: scope, context, result
		p.contexts = append(p.contexts, conn)
		binary.NativeEndian.PutUint32(body[4:], uint32(len(p.contexts)))
	case 0x0D: // cancel: context, result
		p.cancel(p.contexts[binary.NativeEndian.Uint32(body)-1])
	case 0x12: // which readers
		return p.states()
	case 0x13: // the same, and what comes
		p.waiting[conn] = true
		return p.states()
	case 0x14: // no more; who was just told of a change takes that for the answer
		if !p.waiting[conn] {
			return nil
		}
		delete(p.waiting, conn)
		return make([]byte, 8)
	}
	return body // release and version too: as asked, and well
}

// cancel ends a wait that has begun.
func (p *plug) cancel(conn net.Conn) {
	if p.waiting[conn] {
		delete(p.waiting, conn)
		_, _ = conn.Write(binary.NativeEndian.AppendUint32(make([]byte, 4), uint32(codeCancelled)))
	}
}

// states is every reader: name, count of events, bits, sharing, ATR.
func (p *plug) states() []byte {
	all := make([]byte, maxReaders*readerState)
	for i, name := range p.readers {
		one := all[i*readerState:]
		copy(one, name)
		binary.NativeEndian.PutUint32(one[128:], 1)
		binary.NativeEndian.PutUint32(one[132:], 0x04|0x10|0x40) // present, powered, negotiated
		copy(one[140:], atrT1)
		binary.NativeEndian.PutUint32(one[176:], uint32(len(atrT1)))
	}
	return all
}

// set plugs in and pulls out.
func (p *plug) set(readers ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.readers = readers
	for conn := range p.waiting {
		_, _ = conn.Write(make([]byte, 8))
	}
	clear(p.waiting)
}

func startPlug(t *testing.T) (p *plug, socket string) {
	t.Helper()
	socket = filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	p = &plug{waiting: make(map[net.Conn]bool)}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() { p.serve(conn) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		all.Wait()
	})
	return p, socket
}

// tellChanges is the other process: it says what is present, over and over.
func tellChanges() int {
	s, err := Open()
	var seen State
	if err == nil {
		seen, err = s.State()
	}
	for err == nil {
		fmt.Println(seen.Present())
		seen, err = s.Changed(context.Background(), seen)
	}
	fmt.Println(err)
	return 1
}

func TestChangedSeesReadersComeAndGo(t *testing.T) {
	p, socket := startPlug(t)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "MFAD_TEST_WAIT=1", "PCSCLITE_CSOCK_NAME="+socket)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	lines := bufio.NewReader(out)
	want := func(text string) {
		t.Helper()
		line, err := lines.ReadString('\n')
		if err != nil || line != text+"\n" {
			t.Fatalf("the waiter says %q, %v, want %q", line, err, text)
		}
	}
	want("[]")
	for range 20 {
		p.set("one 00 00")
		want("[one 00 00]")
		p.set("one 00 00", "two 01 00")
		want("[one 00 00 two 01 00]")
		p.set("two 01 00")
		want("[two 01 00]")
		p.set()
		want("[]")
	}
}
