package client_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mfad/mfad/agent/client"
	"github.com/mfad/mfad/agent/server"
	"github.com/mfad/mfad/agent/wire"
)

func TestDesktopTravelsWhereNobodyCanBeAskedHere(t *testing.T) {
	for name, value := range map[string]string{
		"DISPLAY": ":7", "WAYLAND_DISPLAY": "wayland-1", "XAUTHORITY": "/home/a/.Xauthority",
		"DBUS_SESSION_BUS_ADDRESS": "unix:path=" + strings.Repeat("x", 2000), "XDG_RUNTIME_DIR": "/run/user/1000",
		"LC_ALL": "", "LC_MESSAGES": "de_CH.UTF-8", "LANG": "C", "AWS_SECRET_ACCESS_KEY": "hush",
	} {
		t.Setenv(name, value)
	}
	calls := make(chan wire.Call, 1)
	note := func(_ context.Context, _ *server.Conn, call wire.Call, _ string) (any, error) {
		calls <- call
		return nil, nil
	}
	want := &wire.Desktop{
		Display: ":7", WaylandDisplay: "wayland-1", XAuthority: "/home/a/.Xauthority",
		RuntimeDir: "/run/user/1000", Lang: "de_CH.UTF-8",
	}
	c := within(t, note, client.Options{})
	if err := c.Call(t.Context(), "m", nil, nil); err != nil {
		t.Fatal(err)
	}
	if call := <-calls; call.TTY || !cmp.Equal(call.Desktop, want) {
		t.Errorf("got %v", cmp.Diff(want, call.Desktop))
	}
	c = within(t, note, client.Options{Prompter: &person{}})
	if err := c.Call(t.Context(), "m", nil, nil); err != nil {
		t.Fatal(err)
	}
	if call := <-calls; !call.TTY || call.Desktop != nil {
		t.Errorf("with a terminal: %+v", call.Desktop)
	}
}
