//go:build unix

package credproc_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/credproc/config"
)

func process(command string) config.Step {
	return config.Step{Profile: "other", Spec: config.Process{Command: value(command)}}
}

// document prints a document of the contract, with changes.
func document(change ...string) string {
	end := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	return strings.NewReplacer(change...).Replace(
		`{"Version":1,"AccessKeyId":"ASIAPROC","SecretAccessKey":"hush","SessionToken":"token","Expiration":"` + end + `","AccountId":"` + account + `"}`)
}

func TestProcessRunsOnceForAllItsCallers(t *testing.T) {
	h := newHouse(t)
	runs := filepath.Join(t.TempDir(), "runs")
	h.chain("other", process(fmt.Sprintf("echo run >> '%s'; echo '%s'", runs, document())))
	h.stampede(t, 50, func(int) string { return "other" }, nil)
	if got := h.must(t, "other", nil); got.AccountID != account || got.Expiration.IsZero() {
		t.Errorf("got %v, account %q, until %s", got, got.AccountID, got.Expiration)
	}
	if text, err := os.ReadFile(runs); err != nil || string(text) != "run\n" {
		t.Errorf("ran %q, %v; want one run", text, err)
	}
}

func TestProcessThatFailsSaysWhyAndNoSecret(t *testing.T) {
	tests := []struct{ name, command, want string }{
		{"exit status", "echo hush; echo no   way >&2; exit 3", "exit status 3): no way"},
		{"no JSON", "echo hush", "one JSON object"},
		{"two documents", "echo '" + document() + document() + "'", "one JSON object"},
		{"version", "echo '" + document(`n":1`, `n":2`) + "'", "Version 2"},
		{"no key", "echo '" + document("ASIAPROC", "") + "'", "no AccessKeyId"},
		{"expiration", "echo '" + document("Z", "") + "'", "RFC 3339"},
		{"expired", "echo '" + document(time.Now().UTC().Format("2006-"), "1999-") + "'", "expired at 1999"},
		{"terminal control", "echo '" + document("ASIAPROC", "ASIA\u009b31m") + "'", "characters that AWS's have not"},
		{"too much", "yes hush", "more than"},
		{"not there", "mfad-no-such-program", "exit status 127"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h := newHouse(t)
			h.chain("other", process(test.command))
			_, err := h.get(t, "other", nil)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
			if err != nil && strings.Contains(err.Error(), "hush") {
				t.Errorf("shows what was printed: %v", err)
			}
		})
	}
}

func TestProcessEndsWithItsLastCaller(t *testing.T) {
	h := newHouse(t)
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	h.chain("other", process(fmt.Sprintf("exec 3> '%s'; (echo ready >&3; sleep 1000) | sleep 1000", pipe)))
	ctx, leave := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := h.Credentials(ctx, credproc.Request{Profile: "other"})
		done <- err
	}()
	file, err := os.Open(pipe)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	reader := bufio.NewReader(file)
	if line, err := reader.ReadString('\n'); line != "ready\n" {
		t.Fatalf("got %q, %v", line, err)
	}
	leave()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	// The pipe ends when the last of its processes has.
	if rest, err := io.ReadAll(reader); len(rest) > 0 || err != nil {
		t.Errorf("got %q, %v", rest, err)
	}
}

func TestProcessThatPrintsLongTermKeysIsNotHandedOut(t *testing.T) {
	h := newHouse(t)
	h.chain("process", process(`echo '{"Version":1,"AccessKeyId":"AKIAP","SecretAccessKey":"s"}'`))
	if got, err := h.get(t, "process", nil); !errors.Is(err, credproc.ErrLongTerm) || got.AccessKeyID != "" {
		t.Errorf("got %v, %v", got, err)
	}
}

// Programs print the account as a text, as a number, or not at all: then the
// profile may name it, and one that names another has credentials of its own.
func TestProcessCredentialsCarryTheirAccount(t *testing.T) {
	with := func(accountID string) string {
		return "echo '" + document(`"AccountId":"`+account+`"`, accountID) + "'"
	}
	for _, test := range []struct{ name, command, profile, want string }{
		{"a text", with(`"AccountId":"111122223333"`), "", "111122223333"},
		{"a number", with(`"AccountId":111122223333`), "", "111122223333"},
		{"a number that has lost its zeros", with(`"AccountId":1122223333`), "", "001122223333"},
		{"none", with(`"x":1`), "", ""},
		{"null", with(`"AccountId":null`), "444455556666", "444455556666"},
		{"the profile's", with(`"x":1`), "444455556666", "444455556666"},
		{"the program's before the profile's", with(`"AccountId":"111122223333"`), "444455556666", "111122223333"},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := newHouse(t)
			step := func(account string) config.Step {
				return config.Step{Profile: "other", Spec: config.Process{Command: value(test.command), Account: config.Value{Text: account}}}
			}
			h.chain("other", step(test.profile))
			h.chain("another", step("999999999999"))
			if got := h.must(t, "other", nil); got.AccountID != test.want {
				t.Errorf("got %q, want %q", got.AccountID, test.want)
			}
			printed := strings.Contains(test.command, `"AccountId":1`) || strings.Contains(test.command, `"AccountId":"`)
			if got := h.must(t, "another", nil); !printed && got.AccountID != "999999999999" {
				t.Errorf("another profile got %q", got.AccountID)
			}
		})
	}
}
