package aws

import (
	"bufio"
	"net"
	"strings"
	"testing"
)

// A reader and a writer of net/http's kind leave nothing in their buffers once
// they wait for the next request.
func TestConnectionLeavesNothingInBuffers(t *testing.T) {
	near, far := net.Pipe()
	conn := wiping{near}
	go func() {
		_, _ = far.Write([]byte("secret\n"))
		_, _ = bufio.NewReader(far).ReadString('\n')
		_ = far.Close()
	}()
	in := bufio.NewReaderSize(conn, 64)
	line, err := in.Peek(len("secret\n"))
	if err != nil || string(line) != "secret\n" {
		t.Fatalf("%q, %v", line, err)
	}
	if _, err := in.Discard(len(line)); err != nil {
		t.Fatal(err)
	}

	out := bufio.NewWriterSize(conn, writeBuffer)
	kept := out.AvailableBuffer()[:len("token\n")]
	if _, err := out.WriteString("token\n"); err != nil {
		t.Fatal(err)
	}
	if err := out.Flush(); err != nil {
		t.Fatal(err)
	}
	if strings.Trim(string(kept), "\x00") != "" {
		t.Errorf("the writer's buffer holds %q", kept)
	}

	if _, err := in.Peek(1); err == nil {
		t.Fatal("something follows")
	}
	if strings.Trim(string(line), "\x00") != "" {
		t.Errorf("the reader's buffer holds %q", line)
	}
}

// A body is its caller's, who may send it again.
func TestConnectionLeavesABodyAlone(t *testing.T) {
	near, far := net.Pipe()
	go func() { _, _ = bufio.NewReader(far).ReadString('\n') }()
	body := []byte("Action=x\n")
	if _, err := (wiping{near}).Write(body); err != nil || string(body) != "Action=x\n" {
		t.Errorf("%q, %v", body, err)
	}
}
