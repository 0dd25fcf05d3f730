package client

import (
	"slices"

	"github.com/mfad/mfad/internal/environ"
)

// passed are the variables of the caller that a started agent sees on any
// system: who and where the person is. PATH is there because age plugins are
// found in it.
var passed = []string{
	"HOME", "USER", "LOGNAME", "PATH", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TERM",
	"DBUS_SESSION_BUS_ADDRESS", "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY",
}

// passedPrefixes are the families.
var passedPrefixes = []string{"LC_", "XDG_", "MFAD_"}

// ScrubEnv keeps of an environment what an agent that is started on demand may
// see. The caller is whoever runs the first aws command; it must not choose
// where requests go (AWS_…, proxies), whom they trust (SSL_CERT_…), or what the
// agent loads (LD_…, DYLD_…, GODEBUG), so only what is known to be needed passes.
func ScrubEnv(entries []string) []string {
	p := environ.Passing{Names: slices.Concat(passed, passedHere), Prefixes: passedPrefixes}
	return p.Scrub(entries)
}
