//go:build cgo && linux

package pcsc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/mfad/mfad/token"
	"github.com/mfad/mfad/token/tokentest"
)

// readersUsed is one for each goroutine of the test of many cycles.
const readersUsed = 8

// daemon is the one pcscd of this process: libpcsclite keeps its address.
var daemon *tokentest.Service

func TestMain(m *testing.M) {
	if reader := os.Getenv("MFAD_TEST_HOLD"); reader != "" {
		os.Exit(hold(reader))
	}
	if os.Getenv("MFAD_TEST_WAIT") != "" {
		os.Exit(tellChanges())
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	var err error
	if daemon, err = tokentest.StartService(tokentest.Options{Readers: readersUsed}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer daemon.Close()
	os.Setenv("PCSCLITE_CSOCK_NAME", daemon.Socket)
	return m.Run()
}

// hold holds a reader for itself until its standard input ends.
func hold(reader string) int {
	s := &Service{patience: patience}
	c, err := s.dial(reader, shareExclusive)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println("held")
	_, _ = io.Copy(io.Discard, os.Stdin)
	c.drop()
	return 0
}

var (
	atrT1 = []byte{
		0x3B, 0xFD, 0x13, 0x00, 0x00, 0x81, 0x31, 0xFE, 0x15, 0x80, 0x73, 0xC0,
		0x21, 0xC0, 0x57, 0x59, 0x75, 0x62, 0x69, 0x4B, 0x65, 0x79, 0x40,
	}
	atrT0 = []byte{0x3B, 0x00}
)

// card answers by a function.
type card struct {
	atr     []byte
	command func(apdu []byte) []byte

	mu     sync.Mutex
	resets int
}

func (c *card) ATR() []byte                { return c.atr }
func (c *card) Command(apdu []byte) []byte { return c.command(apdu) }

func (c *card) Reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.resets++
}

func (c *card) countResets() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.resets
}

// echo answers with what it was sent.
func echo(apdu []byte) []byte { return append(bytes.Clone(apdu), 0x90, 0x00) }

func echoCard() *card { return &card{atr: atrT1, command: echo} }

// insert puts a card into reader i for as long as the test takes.
func insert(t *testing.T, i int, c tokentest.Card) string {
	t.Helper()
	if err := daemon.Insert(i, c); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := daemon.Remove(i); err != nil {
			t.Error(err)
		}
	})
	return daemon.Reader(i)
}

func open(t *testing.T) *Service {
	t.Helper()
	s, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// connectTo connects to a reader for as long as the test takes.
func connectTo(t *testing.T, s *Service, reader string) *Card {
	t.Helper()
	c, err := s.Connect(t.Context(), reader)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func send(c *Card, apdu ...byte) (answer []byte, err error) {
	err = c.Transact(func() error {
		answer, err = c.Transmit(apdu)
		return err
	})
	return answer, err
}

func wantError(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("error is %v, want %v", err, want)
	}
}

func TestReadersAreNamedWithAndWithoutCards(t *testing.T) {
	s := open(t)
	reader := insert(t, 1, echoCard())
	names, err := s.Readers()
	if err != nil {
		t.Fatal(err)
	}
	for i := range readersUsed {
		if !slices.Contains(names, daemon.Reader(i)) {
			t.Errorf("reader %q is not among %q", daemon.Reader(i), names)
		}
	}
	now, err := s.State()
	if err != nil {
		t.Fatal(err)
	}
	if present := now.Present(); !slices.Equal(present, []string{reader}) {
		t.Errorf("cards are in %q, want %q", present, reader)
	}
}

func TestTransmitBringsBackWhatTheCardAnswers(t *testing.T) {
	longest := append(bytes.Repeat([]byte{7}, 256), 0x90, 0x00)
	answers := [][]byte{{0x69, 0x85}, {1, 0x90, 0x00}, longest}
	next := 0
	s := open(t)
	reader := insert(t, 0, &card{atr: atrT1, command: func([]byte) []byte {
		next++
		return answers[next-1]
	}})
	c := connectTo(t, s, reader)
	if !bytes.Equal(c.ATR(), atrT1) {
		t.Errorf("ATR is %x, want %x", c.ATR(), atrT1)
	}
	for _, want := range answers {
		got, err := send(c, 0, 0xA4, 0, 0, 0)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("answer is %x, %v, want %x", got, err, want)
		}
	}
}

func TestOddAnswersAreErrors(t *testing.T) {
	for name, answer := range map[string][]byte{
		"one byte": {0x90}, "too long": make([]byte, 300),
	} {
		t.Run(name, func(t *testing.T) {
			reader := insert(t, 0, &card{atr: atrT1, command: func([]byte) []byte { return answer }})
			if got, err := send(connectTo(t, open(t), reader), 0, 1, 2, 3, 0); err == nil {
				t.Errorf("answer is %x, want an error", got)
			} else {
				t.Log(err)
			}
		})
	}
}

func TestConnectToAnEmptyReaderIsNotPresent(t *testing.T) {
	for _, reader := range []string{daemon.Reader(0), "no such reader"} {
		_, err := open(t).Connect(t.Context(), reader)
		wantError(t, err, token.ErrNotPresent)
	}
}

func TestCardPulledOutInMidCommandIsRemoved(t *testing.T) {
	s := open(t)
	reader := insert(t, 0, &card{atr: atrT1, command: func(apdu []byte) []byte {
		if apdu[1] == 0xFF {
			return nil
		}
		return echo(apdu)
	}})
	seen := stateOf(t, s)
	c := connectTo(t, s, reader)
	if _, err := send(c, 0, 1, 0, 0, 0); err != nil {
		t.Fatal(err)
	}
	_, err := send(c, 0, 0xFF, 0, 0, 0)
	wantError(t, err, token.ErrRemoved)
	_, err = send(c, 0, 1, 0, 0, 0)
	wantError(t, err, token.ErrRemoved)
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	awaitEvent(t, s, seen)
	insert(t, 0, echoCard())
	if _, err := send(connectTo(t, s, reader), 0, 1, 0, 0, 0); err != nil {
		t.Errorf("after the card came back: %v", err)
	}
}

// awaitEvent waits until pcscd has looked for itself: a reset that fails tells
// it that a card is gone, and one that comes before it looks it never sees.
func awaitEvent(t *testing.T, s *Service, seen State) {
	t.Helper()
	now := seen
	for err := error(nil); now.raw[0]>>16 == seen.raw[0]>>16; {
		if now, err = s.Changed(t.Context(), now); err != nil {
			t.Fatal(err)
		}
	}
}

func TestCardRemovedBetweenCommandsIsRemoved(t *testing.T) {
	s := open(t)
	reader := insert(t, 0, echoCard())
	c := connectTo(t, s, reader)
	err := c.Transact(func() error {
		if err := daemon.Remove(0); err != nil {
			t.Fatal(err)
		}
		_, err := c.Transmit([]byte{0, 1, 2, 3, 0})
		return err
	})
	wantError(t, err, token.ErrRemoved)
}

func TestCloseResetsTheCard(t *testing.T) {
	played := echoCard()
	reader := insert(t, 0, played)
	c := connectTo(t, open(t), reader)
	before := played.countResets()
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if after := played.countResets(); after <= before {
		t.Errorf("the card saw %d resets before and %d after", before, after)
	}
	_, err := send(c, 0, 1, 2, 3, 0)
	wantError(t, err, token.ErrRemoved)
}

func TestResetByAnotherIsNoticedOnlyByWhoHadBegun(t *testing.T) {
	s := open(t)
	reader := insert(t, 0, echoCard())
	begun, fresh := connectTo(t, s, reader), connectTo(t, s, reader)
	if _, err := send(begun, 0, 1, 2, 3, 0); err != nil {
		t.Fatal(err)
	}
	if err := connectTo(t, s, reader).Close(); err != nil {
		t.Fatal(err)
	}
	_, err := send(begun, 0, 1, 2, 3, 0)
	wantError(t, err, token.ErrRemoved)
	if _, err := send(fresh, 0, 1, 2, 3, 0); err != nil {
		t.Errorf("nothing was lost, but: %v", err)
	}
}

func TestTransactionKeepsOthersOut(t *testing.T) {
	s := open(t)
	s.patience = 200 * time.Millisecond
	reader := insert(t, 0, echoCard())
	one, other := connectTo(t, s, reader), connectTo(t, s, reader)
	err := one.Transact(func() error {
		_, err := send(other, 0, 1, 2, 3, 0)
		wantError(t, err, token.ErrBusy)
		wantError(t, other.Close(), nil)
		_, err = s.Connect(t.Context(), reader)
		wantError(t, err, token.ErrBusy)
		_, err = one.Transmit([]byte{0, 1, 2, 3, 0})
		return err
	})
	if err != nil {
		t.Error(err)
	}
	if _, err := send(connectTo(t, s, reader), 0, 1, 2, 3, 0); err != nil {
		t.Errorf("after the transaction: %v", err)
	}
}

func TestConnectHeedsItsContext(t *testing.T) {
	s := open(t)
	reader := insert(t, 0, echoCard())
	c := connectTo(t, s, reader)
	_ = c.Transact(func() error {
		gone := errors.New("the caller went")
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(gone)
		_, err := s.Connect(ctx, reader)
		wantError(t, err, gone)
		return nil
	})
}
