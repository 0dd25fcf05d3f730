package prompt_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/mfad/mfad/agent/prompt"
	"github.com/mfad/mfad/agent/prompt/screentest"
	"github.com/mfad/mfad/internal/human"
)

// roleVariable makes the test binary a program that prompts on its controlling
// terminal and prints what it got to its standard output.
const roleVariable = "MFAD_TEST_PROMPT"

// atOnce keeps a program with the race detector from sleeping before it ends.
const atOnce = "GORACE=atexit_sleep_ms=0"

func TestMain(m *testing.M) {
	if name := os.Getenv(roleVariable); name != "" {
		if err := play(name); err != nil {
			fmt.Fprintln(os.Stdout, "error:", err)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// roles are what the program can do; a line on its standard input is its cue.
var roles = map[string]func(t *prompt.Terminal, cue func()) (any, error){
	"secret": func(t *prompt.Terminal, _ func()) (any, error) {
		return text(t.Ask(context.Background(), human.Question{Kind: human.Secret, What: "passphrase of vault \"default\""}))
	},
	"secret again": func(t *prompt.Terminal, _ func()) (any, error) {
		return text(t.Ask(context.Background(), human.Question{Kind: human.Secret, What: "passphrase", Again: "wrong passphrase"}))
	},
	"pin": func(t *prompt.Terminal, _ func()) (any, error) {
		return text(t.Ask(context.Background(), human.Question{
			Kind: human.Secret,
			What: "PIN", Again: "wrong PIN", Token: "YubiKey 5 NFC (serial 12345678)", Tries: 2,
			Profile: "prod", Asker: `"aws s3 ls\x1b" (pid 4711)`,
		}))
	},
	"two tries": func(t *prompt.Terminal, cue func()) (any, error) {
		if _, err := t.Ask(context.Background(), human.Question{Kind: human.Secret, What: "first try"}); err != nil {
			return nil, err
		}
		cue()
		if err := awaitTyped(); err != nil {
			return nil, err
		}
		second, err := text(t.Ask(context.Background(), human.Question{Kind: human.Secret, What: "second try"}))
		if err != nil {
			return nil, err
		}
		cue()
		if err := awaitTyped(); err != nil {
			return nil, err
		}
		t.Settle()
		if err := os.WriteFile("/dev/tty", []byte("settled"), 0); err != nil {
			return nil, err
		}
		cue()
		return second, nil
	},
	"new secret": func(t *prompt.Terminal, _ func()) (any, error) {
		return text(t.Ask(context.Background(), human.Question{Kind: human.Secret, What: "passphrase", New: true}))
	},
	"code": func(t *prompt.Terminal, _ func()) (any, error) {
		return code(t.Ask(context.Background(), human.Question{
			Kind:    human.Code,
			Profile: "prod", RoleARN: "arn:aws:iam::1:role/admin", Account: "123456789012",
			Serial: "arn:aws:iam::1:mfa/phone", Asker: "aws (pid 4711)",
		}))
	},
	"confirm": func(t *prompt.Terminal, _ func()) (any, error) {
		return yes(t.Ask(context.Background(), human.Question{Kind: human.Confirm, What: "Trust http://127.0.0.1:9?"}))
	},
	"hostile": func(t *prompt.Terminal, _ func()) (any, error) {
		return yes(t.Ask(context.Background(), human.Question{Kind: human.Confirm, What: "a\x1b]0;b\a\x9b2J\u202ec\r\nd\xff"}))
	},
	"withdrawn": func(t *prompt.Terminal, cue func()) (any, error) {
		ctx, cancel := context.WithCancel(context.Background())
		go func() { cue(); cancel() }()
		_, err := t.Ask(ctx, human.Question{Kind: human.Secret, What: "first"})
		if !errors.Is(err, context.Canceled) {
			return nil, fmt.Errorf("the first prompt ended with %v", err)
		}
		return text(t.Ask(context.Background(), human.Question{Kind: human.Secret, What: "second"}))
	},
	"two": func(t *prompt.Terminal, _ func()) (any, error) {
		var both sync.WaitGroup
		for range 2 {
			both.Go(func() { _, _ = t.Ask(context.Background(), human.Question{Kind: human.Confirm, What: "sure?"}) })
		}
		both.Wait()
		return "done", nil
	},
	"notice": func(t *prompt.Terminal, cue func()) (any, error) {
		t.Notice("waiting for the next code\x1b[2J " + strings.Repeat("…", 200))
		cue()
		sure, err := yes(t.Ask(context.Background(), human.Question{Kind: human.Confirm, What: "sure?"}))
		cue()
		t.Notice("")
		return sure, err
	},
	"background": func(*prompt.Terminal, func()) (any, error) {
		cmd := exec.Command(os.Args[0])
		cmd.Env = []string{roleVariable + "=secret", atOnce}
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		out, err := cmd.Output()
		return string(out), err
	},
}

// awaitTyped returns when the terminal has a line that nobody has read: the other
// end of a pseudo terminal does not hear when its bytes have arrived.
func awaitTyped() error {
	tty, err := os.Open("/dev/tty")
	if err != nil {
		return err
	}
	defer func() { _ = tty.Close() }()
	for {
		waiting, err := unix.IoctlGetInt(int(tty.Fd()), unix.TIOCINQ)
		if err != nil || waiting > 0 {
			return err
		}
		runtime.Gosched()
	}
}

// text makes a secret printable: the double that the tests type is none.
func text(r human.Answer, err error) (any, error) {
	dismissed := errors.Is(err, human.ErrDismissed)
	if dismissed {
		err = nil
	}
	return map[string]any{"typed": string(r.Text), "dismissed": dismissed}, err
}

func code(r human.Answer, err error) (any, error) { return map[string]any{"code": string(r.Text)}, err }
func yes(r human.Answer, err error) (any, error)  { return map[string]any{"yes": r.Yes}, err }

func play(name string) error {
	t, err := prompt.Open()
	if err != nil {
		if errors.Is(err, prompt.ErrNoTerminal) {
			return fmt.Errorf("no terminal: %w", err)
		}
		return err
	}
	cue := func() { _, _ = os.Stdin.Read(make([]byte, 1)) }
	result, err := roles[name](t, cue)
	if err != nil {
		return err
	}
	if err := t.Close(); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(result)
}

// scene is this program in a role, with a person at its terminal.
type scene struct {
	*screentest.Screen
	t    *testing.T
	cmd  *exec.Cmd
	cues io.WriteCloser
	out  bytes.Buffer
}

// open runs a role in a session of its own on a new pseudo terminal.
func open(t *testing.T, role string) *scene {
	t.Helper()
	s := &scene{Screen: screentest.New(t), t: t, cmd: exec.Command(os.Args[0])}
	s.cmd.Env = []string{roleVariable + "=" + role, atOnce}
	s.cmd.Stdout, s.cmd.Stderr = &s.out, os.Stderr
	s.cmd.ExtraFiles = []*os.File{s.TTY}
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 3}
	var err error
	if s.cues, err = s.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.cmd.Process.Kill() })
	return s
}

func (s *scene) cue() {
	s.t.Helper()
	if _, err := io.WriteString(s.cues, "."); err != nil {
		s.t.Fatal(err)
	}
}

// result is what the program printed at its end, with the terminal as before.
func (s *scene) result() string {
	s.t.Helper()
	if err := s.cmd.Wait(); err != nil {
		s.t.Fatalf("%v; shown: %q", err, s.Shown())
	}
	if !s.Echoes() {
		s.t.Error("the terminal is left without echo")
	}
	return strings.TrimSpace(s.out.String())
}

func (s *scene) want(result string) {
	s.t.Helper()
	if got := s.result(); got != result {
		s.t.Errorf("got %s, not %s; shown: %q", got, result, s.Shown())
	}
}

func TestSecretIsReadWithoutEcho(t *testing.T) {
	s := open(t, "secret")
	s.Expect(`mfad: passphrase of vault "default": `)
	if s.Echoes() {
		t.Error("the terminal echoes")
	}
	s.Send("hunter zwei\n")
	s.Expect("\r\n")
	s.want(`{"dismissed":false,"typed":"hunter zwei"}`)
	if strings.Contains(s.Shown(), "hunter") {
		t.Errorf("the secret was shown: %q", s.Shown())
	}
}

// While a passphrase is being judged, a person types the next try, or sees no echo
// and types on: none of that is shown, and none is an answer or lands in the shell.
func TestTypeAheadAfterASecretIsNeitherShownNorTaken(t *testing.T) {
	s := open(t, "two tries")
	s.Expect("first try: ")
	s.Send("wrong\n")
	s.Expect("\r\n")
	for _, next := range []string{"mfad: second try: ", "settled"} {
		if s.Echoes() {
			t.Errorf("before %q the terminal echoes", next)
		}
		s.Send("too early\n")
		s.cue()
		s.Expect(next)
		if next != "settled" {
			s.Send("right\n")
			s.Expect("\r\n")
		}
	}
	if !s.Echoes() {
		t.Error("after the verdict the terminal does not echo")
	}
	s.cue()
	s.want(`{"dismissed":false,"typed":"right"}`)
	if strings.Contains(s.Shown(), "early") {
		t.Errorf("type-ahead was shown: %q", s.Shown())
	}
}

func TestSignalAfterASecretRestoresTheTerminal(t *testing.T) {
	s := open(t, "two tries")
	s.Expect("first try: ")
	s.Send("wrong\n")
	s.Expect("\r\n")
	s.Send("\x03")
	err := s.cmd.Wait()
	var ended *exec.ExitError
	if !errors.As(err, &ended) || ended.Sys().(syscall.WaitStatus).Signal() != syscall.SIGINT {
		t.Errorf("an interrupt ended it with %v", err)
	}
	if !s.Echoes() {
		t.Error("the terminal does not echo")
	}
}

func TestSecretSaysWhyItIsAskedAgain(t *testing.T) {
	s := open(t, "secret again")
	s.Expect("mfad: wrong passphrase\r\nmfad: passphrase: ")
	s.Send("x\n")
	s.want(`{"dismissed":false,"typed":"x"}`)
}

func TestPINPromptTellsWhichTokenHowManyTriesAndWhoAsks(t *testing.T) {
	s := open(t, "pin")
	s.Expect("mfad: wrong PIN\r\n" +
		"mfad: token:    YubiKey 5 NFC (serial 12345678)\r\n" +
		"mfad: tries:    2 left\r\n" +
		"mfad: profile:  prod\r\n" +
		"mfad: asked by: \"aws s3 ls\\x1b\" (pid 4711)\r\n" +
		"mfad: PIN: ")
	s.Send("123456\n")
	s.want(`{"dismissed":false,"typed":"123456"}`)
}

func TestSecretIsDismissed(t *testing.T) {
	for name, keys := range map[string]string{"empty": "\n", "end of file": "\x04", "interrupt": "\x03", "interrupt in a line": "abc\x03"} {
		t.Run(name, func(t *testing.T) {
			s := open(t, "secret")
			s.Expect(": ")
			s.Send(keys)
			s.want(`{"dismissed":true,"typed":""}`)
		})
	}
}

func TestNewSecretIsAskedTwiceUntilBothAreEqual(t *testing.T) {
	s := open(t, "new secret")
	for i, typed := range []string{"one", "two", "three", "three"} {
		s.Expect([]string{"mfad: new passphrase: ", "mfad: once more: "}[i%2])
		s.Send(typed + "\n")
		if i == 1 {
			s.Expect("mfad: they differ\r\n")
		}
	}
	s.want(`{"dismissed":false,"typed":"three"}`)
}

func TestCodePromptNamesWhatItIsForAndTakesOnlyACode(t *testing.T) {
	s := open(t, "code")
	for _, fact := range []string{"prod", "role/admin", "123456789012", "mfa/phone", "aws (pid 4711)"} {
		s.Expect(fact)
	}
	for _, junk := range []string{"12345", "123456789", "12345a", "１２３４５６"} {
		s.Expect("mfad: MFA code: ")
		s.Send(junk + "\n")
		s.Expect("mfad: a code has 6 to 8 digits\r\n")
	}
	s.Expect("mfad: MFA code: ")
	s.Send(" 123 456 \n")
	s.want(`{"code":"123456"}`)
}

func TestConfirmTakesOnlyYes(t *testing.T) {
	for answer, want := range map[string]string{
		"y\n": `{"yes":true}`, "YES\n": `{"yes":true}`,
		"\n": `{"yes":false}`, "n\n": `{"yes":false}`, "yess\n": `{"yes":false}`, "\x04": `{"yes":false}`, "\x03": `{"yes":false}`,
	} {
		t.Run(fmt.Sprintf("%q", answer), func(t *testing.T) {
			s := open(t, "confirm")
			s.Expect("Trust http://127.0.0.1:9? [y/N] ")
			s.Send(answer)
			s.want(want)
		})
	}
}

func TestControlCharactersAreShownNotObeyed(t *testing.T) {
	s := open(t, "hostile")
	s.Expect(`a\x1b]0;b\a\x9b2J\u202ec\r\nd\xff [y/N] `)
	s.Send("\n")
	s.want(`{"yes":false}`)
}

func TestWithdrawnPromptRestoresTheTerminalAndLeavesNoAnswerBehind(t *testing.T) {
	s := open(t, "withdrawn")
	s.Expect("mfad: first: ")
	s.cue()
	s.Expect("\r\nmfad: second: ")
	s.Send("for the second\n")
	s.want(`{"dismissed":false,"typed":"for the second"}`)
}

func TestPromptsAtTheSameTimeAreAskedInTurn(t *testing.T) {
	s := open(t, "two")
	s.Expect("sure? [y/N] ")
	s.Send("y\n")
	s.Expect("y\r\n")
	s.Expect("sure? [y/N] ")
	s.Send("y\n")
	s.want(`"done"`)
	if n := strings.Count(s.Shown(), "sure? [y/N] "); n != 2 {
		t.Errorf("%d questions were shown: %q", n, s.Shown())
	}
}

func TestNoticeMakesRoomForAPromptAndIsErased(t *testing.T) {
	const erase = "\r\x1b[K"
	s := open(t, "notice")
	s.Expect(`waiting for the next code\x1b[2J …`)
	s.cue()
	s.Expect(erase + "mfad: sure? [y/N] ")
	s.Send("y\n")
	s.Expect("y\r\nwaiting for the next code")
	s.cue()
	s.Expect(erase)
	s.want(`{"yes":true}`)
	for line := range strings.SplitSeq(s.Shown(), "\r") {
		if n := len([]rune(line)); n >= 80+len(erase) {
			t.Errorf("a line of %d characters wraps: %q", n, line)
		}
	}
}

func TestBackgroundJobDoesNotPrompt(t *testing.T) {
	s := open(t, "background")
	if got := s.result(); !strings.Contains(got, "no terminal") || !strings.Contains(got, "background") {
		t.Errorf("got %s", got)
	}
}

func TestOpenWithoutATerminal(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = []string{roleVariable + "=secret", atOnce}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	out, err := cmd.Output()
	if err != nil || !strings.HasPrefix(string(out), "error: no terminal: ") {
		t.Errorf("got %q, %v", out, err)
	}
}
