// Virtual plugs virtual YubiKeys into a private pcscd, for a demonstration and
// for people who want to try mfad without hardware. What they hold lies in the
// memory of this program and ends with it: put nothing real on them.
//
// What a client needs stands in the files of --dir:
//
//	pcsc    the path of pcscd's socket, for PCSCLITE_CSOCK_NAME
//	fido2   with --fido2: the device paths, parted by colons, for MFAD_FIDO2_DEVICES
//	ca.pem  what vouches for the PIV keys in Yubico's place
//	ready   appears last, when all is plugged in
//
// It ends when its standard input closes, or by SIGINT or SIGTERM; with status 3
// when a package of the system is missing.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/mfad/mfad/token/tokentest"
)

const usage = `usage: virtual --dir DIR [--serial N]... [--touch DURATION] [--fido2] [--like QUIRK]...

Plugs virtual YubiKeys into a private pcscd: for demonstrations, and to try mfad
without hardware. They hold nothing when this program has ended, and protect
nothing while it runs. PIN 123456, PUK 12345678, as from the shop.

  --dir DIR         folder for what a client needs; it is made, mode 0700:
                    pcsc (the path for PCSCLITE_CSOCK_NAME), fido2 (the path for
                    MFAD_FIDO2_DEVICES), ca.pem; ready appears last
  --serial N        a YubiKey with that serial number; may be repeated
                    (default: one, 12345678)
  --touch DURATION  how long after a key blinks it is touched (default 300ms);
                    each touch of a YubiKey prints "touched SERIAL"; negative:
                    never
  --touch-limit DURATION  how long a YubiKey waits for a touch (default 15s)
  --firmware V      the YubiKeys' version (default 5.4.3)
  --like QUIRK      makes the YubiKeys other tokens; may be repeated: no-serial,
                    retired-slots=N, no-metadata, no-attestation, puk-blocked,
                    no-list, no-calculate-all, no-full-response, foreign-records,
                    oath-pin, refuse-overwrite, canokey
  --fido2           plugs in a FIDO2 key, too: PIN 123456
  --fido2-like Q,…  plugs in another FIDO2 key; may be repeated: plain, no-pin,
                    always-uv, biometric, u2f-only, no-hmac-secret, id-length=N

It ends when its standard input closes or on SIGTERM.
`

// errUsage is a mistake in the arguments.
var errUsage = errors.New("see virtual --help")

type options struct {
	dir     string
	serials []uint32
	touch   time.Duration
	fido2   []fido2Key
	yubiKey tokentest.YubiKeyOptions // of each but for the serial
}

func main() {
	o, err := parse(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		fmt.Print(usage)
		return
	}
	if err == nil {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		err = run(ctx, o, os.Stdin, os.Stdout)
	}
	switch {
	case err == nil:
		return
	case errors.Is(err, tokentest.ErrMissing):
		fmt.Fprintln(os.Stderr, "virtual:", err)
		os.Exit(3)
	case errors.Is(err, errUsage):
		fmt.Fprintln(os.Stderr, "virtual: error:", err)
		os.Exit(2)
	}
	fmt.Fprintln(os.Stderr, "virtual: error:", err)
	os.Exit(1)
}

func parse(args []string) (options, error) {
	var o options
	flags := flag.NewFlagSet("virtual", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&o.dir, "dir", "", "")
	flags.DurationVar(&o.touch, "touch", 300*time.Millisecond, "")
	addFIDO2 := func(text string) error {
		key, err := parseFIDO2(text)
		o.fido2 = append(o.fido2, key)
		return err
	}
	flags.BoolFunc("fido2", "", func(string) error { return addFIDO2("plain") })
	flags.Func("fido2-like", "", addFIDO2)
	quirkFlags(flags, &o.yubiKey)
	flags.Func("serial", "", func(text string) error {
		serial, err := strconv.ParseUint(text, 10, 31)
		if err != nil || serial == 0 {
			return errors.New("it is not a serial number")
		}
		o.serials = append(o.serials, uint32(serial))
		return nil
	})
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return o, err
	case err != nil:
		return o, fmt.Errorf("%w: %w", err, errUsage)
	case o.dir == "" || flags.NArg() > 0:
		return o, fmt.Errorf("--dir is needed, and nothing but options: %w", errUsage)
	case len(o.serials) > tokentest.MaxReaders:
		return o, fmt.Errorf("at most %d serials: %w", tokentest.MaxReaders, errUsage)
	}
	o.touch = max(o.touch, tokentest.TouchNever)
	if len(o.serials) == 0 {
		o.serials = []uint32{12345678}
	}
	return o, nil
}
