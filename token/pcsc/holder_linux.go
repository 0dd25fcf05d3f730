//go:build cgo

package pcsc

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/mfad/mfad/internal/line"
)

// suspects are programs that hold cards, by what the kernel calls them (15
// bytes), and how to make them let go.
var suspects = []struct{ comm, remedy string }{
	{"scdaemon", "gpgconf --kill scdaemon"},
	{"ykman", "wait for it, or end it"},
	{"ykman-gui", "close it"},
	{"authenticator", "close Yubico Authenticator"},
	{"yubioath-deskto", "close it"},
	{"yubioath", "close it"},
	{"yubikey-agent", "end it while mfad works"},
	{"age-plugin-yubi", "wait for it"},
	{"yubico-piv-tool", "wait for it"},
	{"opensc-tool", "wait for it"},
	{"pkcs11-tool", "wait for it"},
	{"pkcs15-tool", "wait for it"},
	{"pcsc_scan", "end it"},
	{"ssh-agent", "ssh-add -e the module of the token"},
	{"ssh-pkcs11-help", "ssh-add -e the module of the token"},
	{"gpg-agent", "gpgconf --kill gpg-agent"},
	{"firefox", "close the page that uses the token"},
	{"firefox-esr", "close the page that uses the token"},
	{"chrome", "close the page that uses the token"},
	{"chromium", "close the page that uses the token"},
}

// ourselves is the program that watches a token without holding it, or waits
// for its touch, which is no more than busy says anyway.
const ourselves = "mfad-token"

// holder names the program that most likely holds a card, and says how to make
// it let go; empty when there is none to suspect. It reads /proc: pcscd tells
// nobody whom it serves.
func holder() string {
	var best, remedy string
	rank := len(suspects) + 1
	programs, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range programs {
		comm, r := suspect(dir)
		if comm != "" && r < rank {
			rank = r
			best, remedy = fmt.Sprintf("%s (process %s)", comm, filepath.Base(dir)), "end it"
			if r < len(suspects) {
				remedy = suspects[r].remedy
			}
		}
	}
	if best == "" {
		return ""
	}
	return "probably by " + best + ": " + remedy
}

// suspect is the name and the rank of a program that may hold a card: one that
// has libpcsclite loaded; or, if it is not for us to see what it has loaded, one
// of the suspects.
func suspect(dir string) (comm string, rank int) {
	if pid, err := strconv.Atoi(filepath.Base(dir)); err != nil || pid == os.Getpid() {
		return "", 0
	}
	b, err := os.ReadFile(filepath.Join(dir, "comm"))
	if err != nil {
		return "", 0
	}
	comm = line.One(string(b))
	if comm == ourselves {
		return "", 0
	}
	rank = len(suspects)
	for i, s := range suspects {
		if s.comm == comm {
			rank = i
		}
	}
	maps, err := os.ReadFile(filepath.Join(dir, "maps"))
	seen := err == nil && len(maps) > 0
	switch {
	case seen && !bytes.Contains(maps, []byte("/libpcsclite.so")):
		return "", 0
	case !seen && rank == len(suspects):
		return "", 0
	case !sameService(dir):
		return "", 0
	}
	return comm, rank
}

const socketVariable = "PCSCLITE_CSOCK_NAME"

// sameService says that a program has the same pcscd as this one, as far as can
// be seen.
func sameService(dir string) bool {
	environ, err := os.ReadFile(filepath.Join(dir, "environ"))
	if err != nil {
		return true
	}
	socket := ""
	for variable := range bytes.SplitSeq(environ, []byte{0}) {
		if name, value, _ := strings.Cut(string(variable), "="); name == socketVariable {
			socket = value
		}
	}
	return socket == os.Getenv(socketVariable)
}
