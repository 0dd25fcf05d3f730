package cmd_test

import (
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mfad/mfad/token/tokentest"
)

// A trial is a call that is made again and again, its token pulled out at one
// command after the other, until the token stays in.
type trial struct {
	setUp func(d *desk)
	call  func(d *desk) result
	from  byte // the instruction from which on it is pulled; 0: the first command
}

var trials = map[string]trial{
	"code": {setUp: func(d *desk) {
		d.initVault()
		d.do(d.phone.URI()+"\n", "device", "add", "phone", "--serial", d.phone.Serial, "--on-token")
	}, call: func(d *desk) result { return d.away(nil, "code", "phone") }},
	"key of the day": {setUp: func(d *desk) {
		d.initVault()
		d.importKey("base", d.key)
		d.move("key", "base")
		d.addPlain()
	}, call: func(d *desk) result { return d.away(nil, "credentials", "--profile", "plain") }},
	"unlock": {setUp: func(d *desk) {
		d.initVault()
		d.addSlot("piv", "--pin", "never", "--touch", "always")
	}, call: func(d *desk) result {
		d.do("", "lock")
		return d.away(nil, "unlock", "--slot", "piv")
	}},
	"unlock by PIN": {setUp: func(d *desk) {
		d.initVault()
		d.addSlot("piv", "--pin", "once", "--touch", "never")
	}, call: (*desk).unlockByPIN},
}

// unlockByPIN is a person who types the PIN, and plugs the token in again when
// that is asked for.
func (d *desk) unlockByPIN() result {
	d.Helper()
	d.do("", "lock")
	person := d.terminal("unlock", "--slot", "piv")
	for {
		switch person.either("PIV PIN: ", "plug in the token with serial 12345678") {
		case 0:
			person.types("123456")
		case 1:
			d.insert(0)
		default:
			return person.result()
		}
	}
}

// The exit codes of a token that was removed, or is not plugged in.
var unplugged = []int{7, 4}

func TestTokenMayBePulledOutAtAnyMoment(t *testing.T) {
	t.Parallel()
	for name, trial := range trials {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, 12345678).start()
			trial.setUp(d)
			agent := d.agentPID()
			n := d.try(trial)
			t.Logf("pulled at %d commands", n)
			if n < 4 {
				t.Error("those are not all")
			}
			if tries := d.keys[0].PINRetries(); tries != 3 {
				t.Errorf("%d tries left for the PIN", tries)
			}
			if now := d.agentPID(); now != agent {
				t.Errorf("the agent is another process: %d, not %d", now, agent)
			}
			d.leavesNoProcess(agent)
		})
	}
}

// try makes the calls of a trial and returns how many lost their token. Each of
// them fails as unplugged tokens do, unless the person helped, and the next one
// gets further.
func (d *desk) try(trial trial) (pulled int) {
	d.Helper()
	for waited := 0; ; pulled++ {
		begun := time.Now()
		out, r := d.pulledAt(pulled, trial)
		if !out {
			if r.code != 0 {
				d.Errorf("with the token in: %v", r)
			}
			return pulled
		}
		helped := strings.Contains(r.stderr, "plug in the token")
		if !helped {
			d.insert(0)
		}
		if !(helped && r.code == 0) && !slices.Contains(unplugged, r.code) {
			d.Errorf("pulled at command %d: %v", pulled, r)
		}
		// A step of codes that was not given back is waited for by the next call.
		if begun.Unix()/30 != time.Now().Unix()/30 {
			waited++
		}
		if waited > 3 {
			d.Fatal("each call ends in another step than it began in: it waits for the code of a failed one")
		}
	}
}

// pulledAt makes the call, and pulls the token out at the command of that
// number: it is done, but not answered.
func (d *desk) pulledAt(number int, trial trial) (out bool, r result) {
	d.Helper()
	var pulled atomic.Bool
	begun, seen := trial.from == 0, 0
	d.keys[0].Fault(func(_ int, apdu []byte) ([]byte, tokentest.Action) {
		begun = begun || apdu[1] == trial.from
		if begun {
			seen++
		}
		if seen <= number || pulled.Swap(true) {
			return nil, tokentest.Proceed
		}
		return nil, tokentest.PullOutUnanswered
	})
	r = trial.call(d)
	d.keys[0].Fault(nil)
	return pulled.Load(), r
}
