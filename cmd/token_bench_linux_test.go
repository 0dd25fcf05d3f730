package cmd_test

import (
	"maps"
	"os/exec"
	"slices"
	"testing"
	"time"

	"github.com/mfad/mfad/token"
	"github.com/mfad/mfad/token/persontest"
	"github.com/mfad/mfad/token/tokentest"
	"github.com/mfad/mfad/token/tokentest/ctap"
)

// unattended is a person whom nobody may ask.
var unattended = new(persontest.Person)

// newBench plugs in a token, and makes the helper that an agent would use.
func newBench(b *testing.B) (*desk, *token.Helper) {
	b.Helper()
	d := newDesk(b, 12345678)
	d.env = append(d.env, "MFAD_FIDO2_DEVICES="+d.plugFIDO2(ctap.Options{}).Path())
	return d, &token.Helper{Program: program(b, "mfad-token"), Env: d.env}
}

// beside times things in turn, so that noise falls on all of them, and reports
// the median of each in milliseconds.
func beside(b *testing.B, things map[string]func() error) map[string]float64 {
	b.Helper()
	names := slices.Sorted(maps.Keys(things))
	times := map[string][]time.Duration{}
	for b.Loop() {
		for _, name := range names {
			start := time.Now()
			if err := things[name](); err != nil {
				b.Fatalf("%s: %v", name, err)
			}
			times[name] = append(times[name], time.Since(start))
		}
	}
	b.ReportMetric(0, "ns/op") // an iteration runs all of them: its time says nothing
	medians := map[string]float64{}
	for name, all := range times {
		slices.Sort(all)
		medians[name] = all[len(all)/2].Seconds() * 1e3
		b.ReportMetric(medians[name], name+"-ms")
	}
	return medians
}

// startHelper is the life of a helper that does nothing: what every operation costs
// before it reaches a token.
func (d *desk) startHelper() error {
	cmd := exec.Command(program(d.TB, "mfad-token"), "--version")
	cmd.Env = d.env
	return cmd.Run()
}

// BenchmarkTokenCode is a code from the OATH applet, by the helper and by ykman.
func BenchmarkTokenCode(b *testing.B) {
	d, helper := newBench(b)
	put := token.OATHPutParams{Name: "bench", Algorithm: "SHA1", Digits: 6, Key: []byte("12345678901234567890")}
	if _, err := helper.OATHPut(b.Context(), put, unattended); err != nil {
		b.Fatal(err)
	}
	medians := beside(b, map[string]func() error{
		"start": d.startHelper,
		"code": func() error {
			_, err := helper.OATHCode(b.Context(), token.OATHCodeParams{Name: "bench", Challenge: 1}, unattended)
			return err
		},
		"ykman": func() error {
			cmd := exec.Command("ykman", "oath", "accounts", "code", "--single", "bench")
			cmd.Env = d.env
			return cmd.Run()
		},
	})
	b.ReportMetric(medians["code"]-medians["start"], "card-ms")
	b.ReportMetric(medians["code"]/medians["ykman"], "code/ykman")
}

// BenchmarkTokenUnlock is the unwrapping of a slot by PIV and by FIDO2, without
// a PIN and with a touch that comes at once.
func BenchmarkTokenUnlock(b *testing.B) {
	d, helper := newBench(b)
	d.keys[0].SetTouch(tokentest.TouchNow)
	piv, err := helper.MakeKey(b.Context(), token.KeyParams{Kind: token.KindPIV, PIN: "never", Touch: "always"}, unattended)
	if err != nil {
		b.Fatal(err)
	}
	fido2, err := helper.MakeKey(b.Context(), token.KeyParams{Kind: token.KindFIDO2}, unattended)
	if err != nil {
		b.Fatal(err)
	}
	unwrap := func(identity string) func() error {
		key := token.KeyBy(b.Context(), helper, identity, 0, unattended)
		stanzas, err := key.Wrap([]byte("sixteen bytes of"))
		if err != nil {
			b.Fatal(err)
		}
		return func() error {
			_, err := key.Unwrap(stanzas)
			return err
		}
	}
	medians := beside(b, map[string]func() error{
		"start": d.startHelper, "piv": unwrap(piv.Identity), "fido2": unwrap(fido2.Identity),
	})
	b.ReportMetric(medians["piv"]-medians["start"], "piv-card-ms")
	b.ReportMetric(medians["fido2"]-medians["start"], "fido2-card-ms")
}
