package main

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/mfad/mfad/token/tokentest"
)

// run serves until ctx ends or stdin closes.
func run(ctx context.Context, o options, stdin io.Reader, stdout io.Writer) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if err := os.MkdirAll(o.dir, 0o700); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(o.dir, "ready")); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	service, err := tokentest.StartService(tokentest.Options{Readers: len(o.serials)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, service.Close()) }()
	say := announcer(stdout)
	if err := insert(service, o, say); err != nil {
		return err
	}
	files := []file{
		{"pcsc", service.Socket + "\n"},
		{"ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: tokentest.TestCA().Certificate().Raw}))},
	}
	var paths []string
	for _, key := range o.fido2 {
		path, unplug, err := plugFIDO2(key, o.touch)
		if err != nil {
			return err
		}
		defer unplug()
		paths = append(paths, path)
	}
	if len(paths) > 0 {
		files = append(files, file{"fido2", strings.Join(paths, string(os.PathListSeparator)) + "\n"})
	}
	for _, f := range append(files, file{"ready", ""}) {
		if err := os.WriteFile(filepath.Join(o.dir, f.name), []byte(f.text), 0o600); err != nil {
			return err
		}
	}
	go func() {
		_, _ = io.Copy(io.Discard, stdin)
		cancel()
	}()
	<-ctx.Done()
	return nil
}

type file struct{ name, text string }

func insert(service *tokentest.Service, o options, say func(string)) error {
	var all sync.WaitGroup
	failed := make([]error, len(o.serials))
	for i, serial := range o.serials {
		options := o.yubiKey
		options.Serial = serial
		y := tokentest.NewYubiKey(options)
		y.SetTouch(o.touch)
		y.OnTouch(func() { say(fmt.Sprint(serial)) })
		all.Go(func() { failed[i] = service.Insert(i, y) })
	}
	all.Wait()
	return errors.Join(failed...)
}

// announcer says who was touched, one at a time.
func announcer(out io.Writer) func(string) {
	var mu sync.Mutex
	return func(who string) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintln(out, "touched", who)
	}
}
