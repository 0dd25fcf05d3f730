// Standin serves the strict stand-in AWS of package awstest on a free port of
// loopback, with one account that is ready to use: a user with an access key
// and a virtual MFA device, roles that want MFA, and a role that trusts one of
// them. It is what `make run` and end-to-end tests talk to.
//
// All that a client needs stands in the files of --dir, so that no secret is
// ever in an argument or in the output:
//
//	accessKeys.csv   the user's key, as the console lets one download it
//	device.uri       the device's otpauth URI, as its QR code says it
//	device.arn       the device's serial number
//	user.arn         the user
//	ReadOnly.arn     a role that the user may assume with MFA
//	Admin.arn        another one; its sessions may last 12 hours
//	Deploy.arn       a role that sessions of ReadOnly may assume
//	journal          one line a request: time, action, verdict, role
//	endpoint         the URL; it appears last, when all is ready
//
// It ends when its standard input closes, or by SIGINT or SIGTERM.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/mfad/mfad/credproc/awstest"
)

func main() {
	dir := flag.String("dir", "", "folder for the files that a client needs; it is made, mode 0700")
	flag.Parse()
	if *dir == "" || flag.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "standin: error: usage: standin --dir DIR")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *dir, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "standin: error:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends or stdin closes.
func run(ctx context.Context, dir string, stdin io.Reader, stdout io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	aws := awstest.New(awstest.Options{})
	if err := furnish(aws, dir); err != nil {
		return err
	}
	journal, err := openJournal(aws, dir)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	url := "http://" + listener.Addr().String()
	server := &http.Server{Handler: journal, ReadHeaderTimeout: 5 * time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	go func() { // ends with the process at the latest: a read of stdin cannot be called off
		_, _ = io.Copy(io.Discard, stdin)
		cancel()
	}()
	if err := publish(dir, "endpoint", url); err != nil {
		return errors.Join(err, server.Close(), journal.Close())
	}
	_, _ = fmt.Fprintf(stdout, "standin: serving %s, files in %s\n", url, dir)

	select {
	case err := <-served:
		return errors.Join(fmt.Errorf("serving: %w", err), journal.Close())
	case <-ctx.Done():
	}
	grace, done := context.WithTimeout(context.Background(), time.Second)
	defer done()
	return errors.Join(server.Shutdown(grace), journal.Close())
}
