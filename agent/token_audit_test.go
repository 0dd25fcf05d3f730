package agent

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/credproc/sigv4"
	"github.com/mfad/mfad/token"
)

// OATHDay makes the key of a day, unless the test has something to do first.
func (k *taker) OATHDay(context.Context, token.OATHDayParams, token.Person) (token.OATHDay, error) {
	if k.before != nil {
		k.before()
	}
	return token.OATHDay{Key: make([]byte, 32), Token: k.token()}, nil
}

func (k *taker) OATHDelete(context.Context, token.OATHDeleteParams, token.Person) (token.Placed, error) {
	return token.Placed{Tokens: []token.Token{k.token()}}, nil
}

func TestAuditTellsWhatWasDoneToWhichToken(t *testing.T) {
	b, _ := withTaker(t)
	owner := knows(passphrase)
	b.must(t, owner, wire.MethodDeviceMove, wire.MoveParams{Name: "phone"}, nil)
	b.must(t, owner, wire.MethodKeyMove, wire.MoveParams{Name: "base"}, nil)
	b.must(t, owner, wire.MethodTokenProtect, wire.TokenProtectParams{Action: wire.ProtectRemove}, nil)
	if err := b.call(t, nobody, wire.MethodKeyMove, wire.MoveParams{Name: "base", Tokens: []string{"7", "8"}}, nil); err == nil {
		t.Error("it was moved twice")
	}
	key, err := b.keys.AccessKey(t.Context(), "base", nobody.asker())
	if err != nil {
		t.Fatal(err)
	}
	defer key.Close()
	day := b.options.Now().UTC().Format(sigv4.DayLayout)
	made, err := key.Signer.SigningKey(t.Context(), day)
	if err != nil {
		t.Fatal(err)
	}
	clear(made)
	var told []string
	for _, line := range auditLines(t, b)[3:] { // after the unlock, the device and the key
		told = append(told, fmt.Sprint(line["msg"], " ", line["verdict"], " ", line["profile"], " ", line["action"], " ", line["tokens"], " ", line["key"]))
	}
	want := []string{
		"device.move granted phone <nil> 1 <nil>", "key.move granted base <nil> 1 <nil>", "token.protect granted <nil> remove 1 <nil>",
		"key.move refused base <nil> 7 8 <nil>", "token.day granted base " + day + " 1 " + keyID,
	}
	if !slices.Equal(told, want) {
		t.Errorf("the audit file tells\n%q, want\n%q", told, want)
	}
}

// The key of a day goes with the access key, also when it comes just after.
func TestKeyOfADayDoesNotOutliveItsAccessKey(t *testing.T) {
	b, k := withTaker(t)
	b.must(t, knows(passphrase), wire.MethodKeyMove, wire.MoveParams{Name: "base"}, nil)
	key, err := b.keys.AccessKey(t.Context(), "base", nobody.asker())
	if err != nil {
		t.Fatal(err)
	}
	defer key.Close()
	k.before = func() { b.must(t, knows(passphrase), wire.MethodKeyRemove, wire.NameParams{Name: "base"}, nil) }
	day := b.options.Now().UTC().Format(sigv4.DayLayout)
	if _, err := key.Signer.SigningKey(t.Context(), day); !errors.Is(err, credproc.ErrNoKey) {
		t.Errorf("got %v", err)
	}
	if kept := b.access.Opened().Kept(keptName(keyID, day)); kept != nil {
		t.Error("the key of the day is kept of an access key that is gone")
	}
}
