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
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/mfad/mfad/agent/prompt"
	"github.com/mfad/mfad/agent/wire"
	"golang.org/x/sys/unix"
)

// roleVariable makes the test binary a program that prompts on its controlling
// terminal and prints what it got to its standard output.
const roleVariable = "MFAD_TEST_PROMPT"

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
		r, err := t.Secret(context.Background(), wire.PromptSecretParams{What: "passphrase of vault \"default\""})
		return text(r), err
	},
	"secret again": func(t *prompt.Terminal, _ func()) (any, error) {
		r, err := t.Secret(context.Background(), wire.PromptSecretParams{What: "passphrase", Again: "wrong passphrase"})
		return text(r), err
	},
	"pin": func(t *prompt.Terminal, _ func()) (any, error) {
		r, err := t.Secret(context.Background(), wire.PromptSecretParams{
			What: "PIN", Again: "wrong PIN", Token: "YubiKey 5 NFC (serial 12345678)", Tries: 2,
			Profile: "prod", Asker: `"aws s3 ls\x1b" (pid 4711)`,
		})
		return text(r), err
	},
	"new secret": func(t *prompt.Terminal, _ func()) (any, error) {
		r, err := t.Secret(context.Background(), wire.PromptSecretParams{What: "passphrase", New: true})
		return text(r), err
	},
	"code": func(t *prompt.Terminal, _ func()) (any, error) {
		return t.Code(context.Background(), wire.PromptCodeParams{
			Profile: "prod", RoleARN: "arn:aws:iam::1:role/admin", Account: "123456789012",
			Serial: "arn:aws:iam::1:mfa/phone", Asker: "aws (pid 4711)",
		})
	},
	"confirm": func(t *prompt.Terminal, _ func()) (any, error) {
		return t.Confirm(context.Background(), wire.PromptConfirmParams{Question: "Trust http://127.0.0.1:9?"})
	},
	"hostile": func(t *prompt.Terminal, _ func()) (any, error) {
		return t.Confirm(context.Background(), wire.PromptConfirmParams{Question: "a\x1b]0;b\a\x9b2J\u202ec\r\nd\xff"})
	},
	"withdrawn": func(t *prompt.Terminal, cue func()) (any, error) {
		ctx, cancel := context.WithCancel(context.Background())
		go func() { cue(); cancel() }()
		_, err := t.Secret(ctx, wire.PromptSecretParams{What: "first"})
		if !errors.Is(err, context.Canceled) {
			return nil, fmt.Errorf("the first prompt ended with %v", err)
		}
		r, err := t.Secret(context.Background(), wire.PromptSecretParams{What: "second"})
		return text(r), err
	},
	"two": func(t *prompt.Terminal, _ func()) (any, error) {
		var both sync.WaitGroup
		for range 2 {
			both.Go(func() { _, _ = t.Confirm(context.Background(), wire.PromptConfirmParams{Question: "sure?"}) })
		}
		both.Wait()
		return "done", nil
	},
	"notice": func(t *prompt.Terminal, cue func()) (any, error) {
		t.Notice("waiting for the next code\x1b[2J " + strings.Repeat("…", 200))
		cue()
		yes, err := t.Confirm(context.Background(), wire.PromptConfirmParams{Question: "sure?"})
		cue()
		t.Notice("")
		return yes, err
	},
	"background": func(*prompt.Terminal, func()) (any, error) {
		cmd := exec.Command(os.Args[0])
		cmd.Env = []string{roleVariable + "=secret"}
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		out, err := cmd.Output()
		return string(out), err
	},
}

// text makes a secret printable: the double that the tests type is none.
func text(r wire.PromptSecretResult) any {
	return map[string]any{"typed": string(r.Secret), "dismissed": r.Dismissed}
}

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

// screen is the other end of a program's terminal.
type screen struct {
	t      *testing.T
	master *os.File
	cmd    *exec.Cmd
	cues   io.WriteCloser
	out    bytes.Buffer
	all    []byte // shown so far
	seen   int    // of all, by expect
}

// open runs a role in a session of its own on a new pseudo terminal.
func open(t *testing.T, role string) *screen {
	t.Helper()
	master, slave := pty(t)
	s := &screen{t: t, master: master, cmd: exec.Command(os.Args[0])}
	s.cmd.Env = []string{roleVariable + "=" + role}
	s.cmd.Stdout, s.cmd.Stderr = &s.out, os.Stderr
	s.cmd.ExtraFiles = []*os.File{slave}
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

func pty(t *testing.T) (master, slave *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = master.Close() })
	var number int
	control(t, master, func(fd int) (err error) {
		if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
			return err
		}
		number, err = unix.IoctlGetInt(fd, unix.TIOCGPTN)
		return err
	})
	slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = slave.Close() }) // held open, so that the end of the program is no hang-up
	return master, slave
}

func control(t *testing.T, f *os.File, do func(fd int) error) {
	t.Helper()
	raw, err := f.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var inner error
	if err := errors.Join(raw.Control(func(fd uintptr) { inner = do(int(fd)) }), inner); err != nil {
		t.Fatal(err)
	}
}

// expect reads on until the text has been shown.
func (s *screen) expect(text string) {
	s.t.Helper()
	if err := s.master.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		s.t.Fatal(err)
	}
	buf := make([]byte, 4096)
	for {
		if i := bytes.Index(s.all[s.seen:], []byte(text)); i >= 0 {
			s.seen += i + len(text)
			return
		}
		n, err := s.master.Read(buf)
		if err != nil {
			s.t.Fatalf("waiting for %q: %v; shown: %q", text, err, s.all)
		}
		s.all = append(s.all, buf[:n]...)
	}
}

func (s *screen) send(text string) {
	s.t.Helper()
	if _, err := io.WriteString(s.master, text); err != nil {
		s.t.Fatal(err)
	}
}

func (s *screen) cue() {
	s.t.Helper()
	if _, err := io.WriteString(s.cues, "."); err != nil {
		s.t.Fatal(err)
	}
}

// echoes tells whether the terminal shows what is typed.
func (s *screen) echoes() bool {
	s.t.Helper()
	var termios *unix.Termios
	control(s.t, s.master, func(fd int) (err error) {
		termios, err = unix.IoctlGetTermios(fd, unix.TCGETS)
		return err
	})
	return termios.Lflag&unix.ECHO != 0
}

// result is what the program printed at its end, with the terminal as before.
func (s *screen) result() string {
	s.t.Helper()
	if err := s.cmd.Wait(); err != nil {
		s.t.Fatalf("%v; shown: %q", err, s.all)
	}
	if !s.echoes() {
		s.t.Error("the terminal is left without echo")
	}
	return strings.TrimSpace(s.out.String())
}

func (s *screen) want(result string) {
	s.t.Helper()
	if got := s.result(); got != result {
		s.t.Errorf("got %s, not %s; shown: %q", got, result, s.all)
	}
}

func TestSecretIsReadWithoutEcho(t *testing.T) {
	s := open(t, "secret")
	s.expect(`mfad: passphrase of vault "default": `)
	if s.echoes() {
		t.Error("the terminal echoes")
	}
	s.send("hunter zwei\n")
	s.expect("\r\n")
	s.want(`{"dismissed":false,"typed":"hunter zwei"}`)
	if bytes.Contains(s.all, []byte("hunter")) {
		t.Errorf("the secret was shown: %q", s.all)
	}
}

func TestSecretSaysWhyItIsAskedAgain(t *testing.T) {
	s := open(t, "secret again")
	s.expect("mfad: wrong passphrase\r\nmfad: passphrase: ")
	s.send("x\n")
	s.want(`{"dismissed":false,"typed":"x"}`)
}

func TestPINPromptTellsWhichTokenHowManyTriesAndWhoAsks(t *testing.T) {
	s := open(t, "pin")
	s.expect("mfad: wrong PIN\r\n" +
		"mfad: token:    YubiKey 5 NFC (serial 12345678)\r\n" +
		"mfad: tries:    2 left\r\n" +
		"mfad: profile:  prod\r\n" +
		"mfad: asked by: \"aws s3 ls\\x1b\" (pid 4711)\r\n" +
		"mfad: PIN: ")
	s.send("123456\n")
	s.want(`{"dismissed":false,"typed":"123456"}`)
}

func TestSecretIsDismissed(t *testing.T) {
	for name, keys := range map[string]string{"empty": "\n", "end of file": "\x04", "interrupt": "\x03", "interrupt in a line": "abc\x03"} {
		t.Run(name, func(t *testing.T) {
			s := open(t, "secret")
			s.expect(": ")
			s.send(keys)
			s.want(`{"dismissed":true,"typed":""}`)
		})
	}
}

func TestNewSecretIsAskedTwiceUntilBothAreEqual(t *testing.T) {
	s := open(t, "new secret")
	for i, typed := range []string{"one", "two", "three", "three"} {
		s.expect([]string{"mfad: new passphrase: ", "mfad: once more: "}[i%2])
		s.send(typed + "\n")
		if i == 1 {
			s.expect("mfad: they differ\r\n")
		}
	}
	s.want(`{"dismissed":false,"typed":"three"}`)
}

func TestCodePromptNamesWhatItIsForAndTakesOnlyACode(t *testing.T) {
	s := open(t, "code")
	for _, fact := range []string{"prod", "role/admin", "123456789012", "mfa/phone", "aws (pid 4711)"} {
		s.expect(fact)
	}
	for _, junk := range []string{"12345", "123456789", "12345a", "１２３４５６"} {
		s.expect("mfad: MFA code: ")
		s.send(junk + "\n")
		s.expect("mfad: a code has 6 to 8 digits\r\n")
	}
	s.expect("mfad: MFA code: ")
	s.send(" 123 456 \n")
	s.want(`{"code":"123456"}`)
}

func TestConfirmTakesOnlyYes(t *testing.T) {
	for answer, want := range map[string]string{
		"y\n": `{"yes":true}`, "YES\n": `{"yes":true}`,
		"\n": `{"yes":false}`, "n\n": `{"yes":false}`, "yess\n": `{"yes":false}`, "\x04": `{"yes":false}`, "\x03": `{"yes":false}`,
	} {
		t.Run(fmt.Sprintf("%q", answer), func(t *testing.T) {
			s := open(t, "confirm")
			s.expect("Trust http://127.0.0.1:9? [y/N] ")
			s.send(answer)
			s.want(want)
		})
	}
}

func TestControlCharactersAreShownNotObeyed(t *testing.T) {
	s := open(t, "hostile")
	s.expect(`a\x1b]0;b\a\x9b2J\u202ec\r\nd\xff [y/N] `)
	s.send("\n")
	s.want(`{"yes":false}`)
}

func TestWithdrawnPromptRestoresTheTerminalAndLeavesNoAnswerBehind(t *testing.T) {
	s := open(t, "withdrawn")
	s.expect("mfad: first: ")
	s.cue()
	s.expect("\r\nmfad: second: ")
	s.send("for the second\n")
	s.want(`{"dismissed":false,"typed":"for the second"}`)
}

func TestPromptsAtTheSameTimeAreAskedInTurn(t *testing.T) {
	s := open(t, "two")
	s.expect("sure? [y/N] ")
	s.send("y\n")
	s.expect("y\r\n")
	s.expect("sure? [y/N] ")
	s.send("y\n")
	s.want(`"done"`)
	if n := bytes.Count(s.all, []byte("sure? [y/N] ")); n != 2 {
		t.Errorf("%d questions were shown: %q", n, s.all)
	}
}

func TestNoticeMakesRoomForAPromptAndIsErased(t *testing.T) {
	const erase = "\r\x1b[K"
	s := open(t, "notice")
	s.expect(`waiting for the next code\x1b[2J …`)
	s.cue()
	s.expect(erase + "mfad: sure? [y/N] ")
	s.send("y\n")
	s.expect("y\r\nwaiting for the next code")
	s.cue()
	s.expect(erase)
	s.want(`{"yes":true}`)
	for line := range bytes.SplitSeq(s.all, []byte("\r")) {
		if n := len([]rune(string(line))); n >= 80+len(erase) {
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
	cmd.Env = []string{roleVariable + "=secret"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	out, err := cmd.Output()
	if err != nil || !strings.HasPrefix(string(out), "error: no terminal: ") {
		t.Errorf("got %q, %v", out, err)
	}
}
