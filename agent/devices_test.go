package agent

import (
	"encoding/base64"
	"errors"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/durable/faultfs"
	"github.com/mfad/mfad/internal/errcode"
)

const serial = "arn:aws:iam::123456789012:mfa/alice"

func TestDevicesComeAndGo(t *testing.T) {
	b := openBench(t)
	uri := "otpauth://totp/Amazon%20Web%20Services:alice@123456789012?secret=" + seed + "&issuer=Amazon%20Web%20Services"
	var added wire.DeviceAddResult
	b.must(t, nobody, wire.MethodDeviceAdd, wire.DeviceAddParams{Serial: serial, Seed: []byte(uri)}, &added)
	want := wire.Device{
		Name: "alice@123456789012", Serial: serial, Issuer: "Amazon Web Services", Account: "alice@123456789012",
		Algorithm: "SHA1", Digits: 6, Period: 30,
	}
	if len(added.Devices) != 1 || added.Parts != 1 {
		t.Fatalf("got %+v", added)
	}
	want.Created = added.Devices[0].Created
	if got := added.Devices[0]; !cmp.Equal(got, want) || got.Created.IsZero() {
		t.Errorf("got %+v, want %+v", got, want)
	}
	b.refused(t, nobody, errcode.ItemExists, wire.MethodDeviceAdd, wire.DeviceAddParams{Seed: []byte(uri)})
	b.refused(t, nobody, errcode.ItemExists, wire.MethodDeviceAdd, wire.DeviceAddParams{Name: "twin", Serial: serial, Seed: []byte(uri)})
	b.must(t, nobody, wire.MethodDeviceAdd, wire.DeviceAddParams{Serial: serial, Seed: []byte(uri), Replace: true}, nil)
	b.must(t, nobody, wire.MethodDeviceAdd, wire.DeviceAddParams{Name: "fob", Seed: []byte(seed)}, nil)

	var list []wire.Device
	b.must(t, nobody, wire.MethodDeviceList, nil, &list)
	if len(list) != 2 {
		t.Errorf("got %+v, want two", list)
	}
	b.must(t, nobody, wire.MethodDeviceRemove, wire.NameParams{Name: serial}, nil)
	b.must(t, nobody, wire.MethodDeviceRemove, wire.NameParams{Name: "fob"}, nil)
	b.refused(t, nobody, errcode.NoItem, wire.MethodDeviceRemove, wire.NameParams{Name: "fob"})
}

// A device has the serial number for its name which another one has: a program
// could have its own codes shown, or its own device meant, for that one.
func TestNameIsNoOtherDevicesSerial(t *testing.T) {
	b := openBench(t)
	b.must(t, nobody, wire.MethodDeviceAdd, wire.DeviceAddParams{Name: "phone", Serial: serial, Seed: []byte(seed)}, nil)
	b.refused(t, nobody, errcode.ItemExists, wire.MethodDeviceAdd, wire.DeviceAddParams{Name: serial, Seed: []byte(seed)})
	later := serial + "-2"
	b.must(t, nobody, wire.MethodDeviceAdd, wire.DeviceAddParams{Name: later, Seed: []byte(seed)}, nil)
	b.refused(t, nobody, errcode.ItemExists, wire.MethodDeviceAdd, wire.DeviceAddParams{Name: "fob", Serial: later, Seed: []byte(seed)})
	b.must(t, nobody, wire.MethodDeviceAdd, wire.DeviceAddParams{Name: later, Serial: later, Seed: []byte(seed), Replace: true}, nil)
}

func TestExportBringsSeveralDevicesThatNameThemselves(t *testing.T) {
	b := openBench(t)
	export := migration("alice@1", "alice@1", "b b", counterBased)
	b.refused(t, nobody, errcode.BadRequest, wire.MethodDeviceAdd, wire.DeviceAddParams{Name: "one", Seed: export})
	var added wire.DeviceAddResult
	second := "arn:aws:iam::123456789012:mfa/second"
	b.must(t, nobody, wire.MethodDeviceAdd, wire.DeviceAddParams{Serial: serial + " " + second, Seed: export}, &added)
	var got []string
	for _, d := range added.Devices {
		got = append(got, d.Name+" "+d.Serial)
	}
	if want := []string{"alice@1 " + serial, "alice@1-2 " + second, "b-b "}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if len(added.Skipped) != 1 || !strings.Contains(added.Skipped[0], counterBased) || added.Part != 2 || added.Parts != 3 {
		t.Errorf("skipped %q, part %d of %d; want one skipped in part 2 of 3", added.Skipped, added.Part, added.Parts)
	}
}

// counterBased is the account of an export that is no TOTP device.
const counterBased = "counter"

// migration is the second of three parts of a Google Authenticator export, of
// accounts with the test's seed.
func migration(accounts ...string) []byte {
	var payload []byte
	for _, account := range accounts {
		var entry []byte
		entry = protowire.AppendTag(entry, 1, protowire.BytesType)
		entry = protowire.AppendString(entry, "12345678901234567890")
		entry = protowire.AppendTag(entry, 2, protowire.BytesType)
		entry = protowire.AppendString(entry, account)
		kind := uint64(2) // TOTP
		if account == counterBased {
			kind = 1
		}
		for field, value := range map[protowire.Number]uint64{4: 1, 5: 1, 6: kind} { // SHA1, six digits
			entry = protowire.AppendTag(entry, field, protowire.VarintType)
			entry = protowire.AppendVarint(entry, value)
		}
		payload = protowire.AppendTag(payload, 1, protowire.BytesType)
		payload = protowire.AppendBytes(payload, entry)
	}
	for field, value := range map[protowire.Number]uint64{3: 3, 4: 1} { // of three, the second
		payload = protowire.AppendTag(payload, field, protowire.VarintType)
		payload = protowire.AppendVarint(payload, value)
	}
	return []byte("otpauth-migration://offline?data=" + url.QueryEscape(base64.StdEncoding.EncodeToString(payload)))
}

func TestDevicesThatCannotBeOnesAreRefused(t *testing.T) {
	for name, test := range map[string]struct {
		params wire.DeviceAddParams
		want   errcode.Code
		says   string
	}{
		"empty seed":     {wire.DeviceAddParams{Name: "a"}, errcode.BadSeed, "empty"},
		"million digits": {wire.DeviceAddParams{Name: "a", Seed: []byte("otpauth://totp/a?secret=" + seed + "&digits=1000000")}, errcode.BadSeed, "digits"},
		"short serial":   {wire.DeviceAddParams{Name: "a", Serial: "12345678", Seed: []byte(seed)}, errcode.BadRequest, "not an MFA device"},
		"odd serial":     {wire.DeviceAddParams{Name: "a", Serial: "arn:aws:iam::1\x1b[2J:mfa/x", Seed: []byte(seed)}, errcode.BadRequest, "not an MFA device"},
		"a security key": {wire.DeviceAddParams{Name: "a", Serial: "arn:aws:iam::123456789012:u2f/user/alice/key", Seed: []byte(seed)}, errcode.BadRequest, "in its console only"},
		"10 digits":      {wire.DeviceAddParams{Name: "a", Serial: "1234567890", Seed: []byte(seed)}, errcode.BadRequest, "digits alone"},
		"8 digits": {
			wire.DeviceAddParams{Name: "fob", Serial: serial, Seed: []byte("otpauth://totp/a?digits=8&secret=" + seed)}, errcode.BadSeed, `device "fob" gives 8 digits by SHA1 every 30s`,
		},
		"a minute": {
			wire.DeviceAddParams{Name: "fob", Serial: serial, Seed: []byte("otpauth://totp/a?period=60&secret=" + seed)}, errcode.BadSeed, "every 1m0s",
		},
		"SHA256": {
			wire.DeviceAddParams{Name: "fob", Serial: serial, Seed: []byte("otpauth://totp/a?algorithm=SHA256&secret=" + seed)}, errcode.BadSeed, "by SHA256",
		},
		"too many serials": {wire.DeviceAddParams{Name: "a", Serial: serial + " " + serial + "2", Seed: []byte(seed)}, errcode.BadRequest, "2 serial numbers for 1"},
		"odd name":         {wire.DeviceAddParams{Name: "a\nb", Seed: []byte(seed)}, errcode.BadRequest, "name"},
		"same serials":     {wire.DeviceAddParams{Serial: serial + " " + serial, Seed: migration("a", "b")}, errcode.BadRequest, "twice"},
	} {
		t.Run(name, func(t *testing.T) {
			b := openBench(t)
			text := b.refused(t, nobody, test.want, wire.MethodDeviceAdd, test.params)
			if !strings.Contains(text, test.says) || strings.ContainsAny(text, "\n\x1b") || strings.Contains(text, seed) {
				t.Errorf("got %q, want one line that says %q", text, test.says)
			}
			var list []wire.Device
			b.must(t, nobody, wire.MethodDeviceList, nil, &list)
			if len(list) != 0 {
				t.Errorf("%+v was stored", list)
			}
		})
	}
}

// A full disk is told as what it is, and whatever it hit, the vault has what
// it had, the old devices work, and the new one goes in once there is room.
func TestFullDiskLosesNothing(t *testing.T) {
	add := func(b *bench) error {
		return b.call(t, nobody, wire.MethodDeviceAdd, wire.DeviceAddParams{Name: "new", Seed: []byte(seed)}, nil)
	}
	for step := 1; ; step++ {
		disk := faultfs.New()
		b := openBenchOn(t, disk)
		b.must(t, nobody, wire.MethodDeviceAdd, wire.DeviceAddParams{Name: "old", Seed: []byte(seed)}, nil)
		disk.Arm(faultfs.Fault{Step: step, Err: syscall.ENOSPC})
		err := add(b)
		if err != nil && !errors.Is(err, errcode.Disk) && !errors.Is(err, errcode.AuditUnwritten) {
			t.Errorf("step %d: got %v, want a refusal that tells of the disk", step, err)
		}
		done := step > disk.Steps()
		disk.Arm(faultfs.Fault{})
		// The last step makes durable what everybody sees already.
		if again := add(b); err != nil && again != nil && !errors.Is(again, errcode.ItemExists) {
			t.Errorf("step %d: with room again: %v", step, again)
		}
		b.must(t, nobody, wire.MethodCode, wire.NameParams{Name: "old"}, nil)
		b.must(t, nobody, wire.MethodCode, wire.NameParams{Name: "new"}, nil)
		if done {
			if step == 1 {
				t.Error("no step was hit")
			}
			return
		}
	}
}
