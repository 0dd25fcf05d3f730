package agent

import (
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/mfad/mfad/agent/inventory"
	"github.com/mfad/mfad/agent/tokenrack"
	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/durable/faultfs"
	"github.com/mfad/mfad/internal/errcode"
	"github.com/mfad/mfad/token"
)

// What somebody else put there under the name stays, and the device gets another.
func TestNameThatIsTakenOnTheTokenIsLeftAlone(t *testing.T) {
	b := openBench(t)
	r := b.withTokens(t, "1")
	const name = "Amazon Web Services:alice@123456789012"
	other := &tokenrack.Credential{Name: name, Algorithm: "SHA1", Digits: 6, Key: []byte("of another device")}
	r.Tokens[0].Credentials[name] = other
	add := wire.DeviceAddParams{Name: "work", Seed: []byte(awsURI), OnToken: true}
	b.must(t, nobody, wire.MethodDeviceAdd, add, nil)
	if got := r.Tokens[0].Names(); !slices.Equal(got, []string{name, "mfad:work"}) || r.Tokens[0].Credentials[name] != other {
		t.Errorf("the token holds %q", got)
	}
	b.must(t, nobody, wire.MethodCode, wire.NameParams{Name: "work"}, nil)
	b.must(t, nobody, wire.MethodDeviceRemove, wire.NameParams{Name: "work"}, nil)

	taken := []string{"mfad:work", "mfad:work~2", "mfad:work~3", "mfad:work~4"}
	for _, name := range taken {
		r.Tokens[0].Credentials[name] = other
	}
	b.must(t, nobody, wire.MethodDeviceAdd, add, nil)
	if got := r.Tokens[0].Names(); !slices.Equal(got, append(append([]string{name}, taken...), "mfad:work~5")) {
		t.Errorf("the token holds %q", got)
	}
	b.must(t, nobody, wire.MethodDeviceRemove, wire.NameParams{Name: "work"}, nil)
	r.Tokens[0].Credentials["mfad:work~5"] = other
	b.refused(t, nobody, errcode.TokenExists, wire.MethodDeviceAdd, add)
}

func TestReplacedDeviceLeavesNothingOnItsOldPlace(t *testing.T) {
	b := openBench(t)
	r := b.withTokens(t, "1", "2")
	add := func(onToken bool, tokens ...string) {
		t.Helper()
		p := wire.DeviceAddParams{Name: "phone", Seed: []byte(seed), OnToken: onToken, ToVault: !onToken, Tokens: tokens, Replace: true}
		b.must(t, nobody, wire.MethodDeviceAdd, p, nil)
	}
	add(false)
	add(true, "1")
	add(true, "2")
	if got := [2]int{len(r.Tokens[0].Names()), len(r.Tokens[1].Names())}; got != [2]int{0, 1} {
		t.Errorf("the tokens hold %v credentials", got)
	}
	add(true, "2")
	if got := r.Tokens[1].Names(); len(got) != 1 {
		t.Errorf("the token holds %q", got)
	}
	b.must(t, nobody, wire.MethodCode, wire.NameParams{Name: "phone"}, nil)
	add(false)
	if got := r.Tokens[1].Names(); len(got) != 0 {
		t.Errorf("the token holds %q", got)
	}
	if n := len(b.access.Opened().Items()); n != 1 {
		t.Errorf("the vault has %d items", n)
	}
}

// Whatever step of a new enrolment fails, the vault points to a seed, and the
// old one is on the token until it succeeds: AWS may not know the new one.
func TestReplacedDeviceIsThereWhateverFails(t *testing.T) {
	const renewed = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
	uri := strings.Replace(awsURI, seed, renewed, 1)
	for _, fault := range []string{"disk", "token"} {
		for step := 1; ; step++ {
			disk := faultfs.New()
			b := openBenchOn(t, disk)
			r := b.withTokens(t, "1")
			b.must(t, nobody, wire.MethodDeviceAdd, wire.DeviceAddParams{Name: "work", Seed: []byte(awsURI), OnToken: true}, nil)
			name := r.Tokens[0].Names()[0]
			old := r.Tokens[0].Credentials[name]
			calls := 0
			if fault == "disk" {
				disk.Arm(faultfs.Fault{Step: step, Err: syscall.EIO})
			} else {
				r.Fault = func(string) error {
					if calls++; calls == step {
						return token.ErrRemoved
					}
					return nil
				}
			}
			err := b.call(t, nobody, wire.MethodDeviceAdd, wire.DeviceAddParams{Name: "work", Seed: []byte(uri), OnToken: true, Replace: true}, nil)
			over := fault == "disk" && step > disk.Steps() || fault == "token" && step > calls
			disk.Arm(faultfs.Fault{})
			r.Fault = nil
			device, found := inventory.DeviceNamed(b.access.Opened(), "work")
			credential := device.Placement().Credential
			c := r.Tokens[0].Credentials[credential]
			if !found || c == nil || err == nil && c == old || err != nil && r.Tokens[0].Credentials[name] != old {
				t.Errorf("%s, step %d: after %v the vault points to %q of %q", fault, step, err, credential, r.Tokens[0].Names())
			}
			if over {
				if err != nil || step < 2 {
					t.Errorf("%s: after %d steps: %v", fault, step, err)
				}
				break
			}
		}
	}
}

func TestRemovedDeviceLeavesTheTokensThatAreThere(t *testing.T) {
	b := openBench(t)
	r := b.withTokens(t, "1", "2", "3")
	add := wire.DeviceAddParams{Name: "phone", Seed: []byte(seed), OnToken: true, Tokens: []string{"1", "2", "3"}}
	b.must(t, nobody, wire.MethodDeviceAdd, add, nil)
	r.Tokens[1].Away = true
	delete(r.Tokens[2].Credentials, "mfad:phone") // by hand
	var removed wire.RemoveResult
	b.must(t, nobody, wire.MethodDeviceRemove, wire.NameParams{Name: "phone"}, &removed)
	if !slices.Equal(removed.Left, []string{"2"}) || len(r.Tokens[0].Names()) > 0 {
		t.Errorf("left %q, and token 1 holds %q", removed.Left, r.Tokens[0].Names())
	}
	b.refused(t, nobody, errcode.NoItem, wire.MethodDeviceRemove, wire.NameParams{Name: "phone"})

	r.Tokens[1].Away = false
	r.Tokens[1].Credentials = map[string]*tokenrack.Credential{}
	b.must(t, nobody, wire.MethodDeviceAdd, add, nil)
	r.Fault = func(string) error { return token.ErrBusy }
	b.refused(t, nobody, errcode.TokenBusy, wire.MethodDeviceRemove, wire.NameParams{Name: "phone"})
	r.Fault = func(string) error { return token.ErrNoHelper } // as on a machine without tokens
	b.must(t, nobody, wire.MethodDeviceRemove, wire.NameParams{Name: "phone"}, &removed)
	if len(removed.Left) != 3 {
		t.Errorf("left %q, want all", removed.Left)
	}
}

// A token that is away keeps what it has, and the person hears of it.
func TestReplacedDeviceTellsWhichTokensKeepIt(t *testing.T) {
	b := openBench(t)
	r := b.withTokens(t, "1", "2")
	add := wire.DeviceAddParams{Name: "phone", Seed: []byte(seed), OnToken: true, Tokens: []string{"1", "2"}}
	b.must(t, nobody, wire.MethodDeviceAdd, add, nil)
	r.Tokens[1].Away = true
	add = wire.DeviceAddParams{Name: "phone", Seed: []byte(seed), Replace: true, ToVault: true}
	var added wire.DeviceAddResult
	b.must(t, nobody, wire.MethodDeviceAdd, add, &added)
	if !slices.Equal(added.Left, []string{"2"}) || len(r.Tokens[0].Names()) > 0 {
		t.Errorf("left %q, and token 1 holds %q", added.Left, r.Tokens[0].Names())
	}
}
