package main

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"os"
	"os/signal"
	"os/user"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/mfad/mfad/agent"
	"github.com/mfad/mfad/agent/server"
	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/credproc/command"
	"github.com/mfad/mfad/credproc/config"
	"github.com/mfad/mfad/credproc/machine"
	"github.com/mfad/mfad/credproc/sts"
	"github.com/mfad/mfad/token"
)

// The agent stays all day in memory that is meant for others: 40 MB resident is
// too much. A soft limit keeps it below; under it the collector runs half as often
// as it would by itself, for the heap is small and requests are many. A crowd of
// connections needs some 30 MB, and with less room the collector does nothing else.
// What goes over the limit for a moment, such as scrypt, is given back at once.
const (
	memoryLimit = 36 << 20
	gcPercent   = 200
)

// socketCheck is how long an agent whose socket was removed stays in the way of
// the next one.
const socketCheck = 2 * time.Second

// serve is the agent, until a signal or a client ends it.
func serve(socket string, log *slog.Logger) (err error) {
	debug.SetGCPercent(gcPercent)
	debug.SetMemoryLimit(memoryLimit)

	at, err := locate(socket)
	if err != nil {
		return err
	}
	ln, err := server.Listen(at.socket)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ln.Release()) }()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	dialer := new(sts.Dialer)
	defer dialer.Close()
	var connections atomic.Int64
	service, err := agent.New(agent.Options{
		Home: at.home, Socket: at.socket,
		Config: config.NewReader(at.files, os.Getenv), Environ: os.Getenv,
		Dialer: dialer, Sources: append(machine.Sources(os.Getenv), command.New(time.Now)),
		SessionName: person(), Boot: boot, BootID: bootID(),
		Tokens: new(token.Helper),
		Stop:   stop, Desktop: openDesktop, Own: ownDesktop(),
		Connections: func() int { return int(connections.Load()) },
		Logger:      log,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, service.Close()) }()

	var watch sync.WaitGroup
	watch.Go(func() {
		if ln.Gone(ctx, socketCheck) {
			log.Warn("the socket is gone, and nobody can reach this agent", "socket", at.socket)
			stop()
		}
	})
	defer func() { stop(); watch.Wait() }()

	server.Ready(nil)
	for _, setting := range agent.Detours(os.Getenv) {
		log.Warn("requests to AWS do not go their own way", "setting", setting.Name, "to", setting.Text)
	}
	log.Info("agent listens", "version", wire.Version, "socket", at.socket)
	defer log.Info("agent ends")
	return server.Serve(ctx, ln, service.Handle, server.Options{
		Logger: log, Version: wire.Version,
		OnCount: func(n int) { connections.Store(int64(n)) },
	})
}

// layout is where the agent listens, keeps and reads.
type layout struct {
	socket string
	home   agent.Home
	files  config.Paths
}

// locate finds out by the environment what was not told.
func locate(socket string) (at layout, err error) {
	if at.socket = socket; at.socket == "" {
		if at.socket, err = wire.SocketPath(os.Getenv); err != nil {
			return at, err
		}
	}
	if at.home, err = agent.FindHome(os.Getenv); err != nil {
		return at, err
	}
	at.files, err = config.DefaultPaths(os.Getenv)
	return at, err
}

// person is who uses AWS, for AWS's logs.
func person() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return cmp.Or(os.Getenv("USER"), os.Getenv("USERNAME"))
}
