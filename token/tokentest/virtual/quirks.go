package main

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mfad/mfad/token/tokentest"
)

// A quirk makes all YubiKeys of the program other tokens; value is what follows
// its name and "=".
type quirk func(o *tokentest.YubiKeyOptions, value string) error

// quirks are what --like takes.
var quirks = map[string]quirk{
	"no-serial":        marked(func(q *tokentest.Quirks) { q.NoSerial = true }),
	"no-metadata":      marked(func(q *tokentest.Quirks) { q.NoMetadata = true }),
	"no-attestation":   marked(func(q *tokentest.Quirks) { q.NoAttestation = true }),
	"puk-blocked":      marked(func(q *tokentest.Quirks) { q.PUKBlocked = true }),
	"no-list":          marked(func(q *tokentest.Quirks) { q.NoList = true }),
	"no-calculate-all": marked(func(q *tokentest.Quirks) { q.NoCalculateAll = true }),
	"no-full-response": marked(func(q *tokentest.Quirks) { q.NoFullResponse = true }),
	"foreign-records":  marked(func(q *tokentest.Quirks) { q.ForeignRecords = true }),
	"oath-pin":         marked(func(q *tokentest.Quirks) { q.OATHPIN = true }),
	"retired-slots": func(o *tokentest.YubiKeyOptions, value string) (err error) {
		o.Quirks.RetiredSlots, err = parseWithin(value, 1, 20)
		return err
	},
	"refuse-overwrite": func(o *tokentest.YubiKeyOptions, value string) error {
		o.RefuseOverwrite = true
		return none(value)
	},
	"canokey": func(o *tokentest.YubiKeyOptions, value string) error {
		o.NoManagement, o.NoOTP, o.Quirks.Maker = true, true, "CanoKey Virtual"
		return none(value)
	},
}

// marked is a quirk that takes no value.
func marked(mark func(*tokentest.Quirks)) quirk {
	return func(o *tokentest.YubiKeyOptions, value string) error {
		mark(&o.Quirks)
		return none(value)
	}
}

func none(value string) error {
	if value != "" {
		return errors.New("it takes no value")
	}
	return nil
}

func parseWithin(value string, least, most int) (int, error) {
	n, err := strconv.Atoi(value)
	if err != nil || n < least || n > most {
		return 0, fmt.Errorf("it takes a number from %d to %d, as in NAME=%d", least, most, least)
	}
	return n, nil
}

// quirkFlags declares the options that make other tokens of YubiKeys.
func quirkFlags(flags *flag.FlagSet, o *tokentest.YubiKeyOptions) {
	flags.Func("like", "", func(text string) error {
		name, value, _ := strings.Cut(text, "=")
		apply, known := quirks[name]
		if !known {
			return fmt.Errorf("it is none of %s", strings.Join(slices.Sorted(maps.Keys(quirks)), ", "))
		}
		return apply(o, value)
	})
	flags.Func("firmware", "", func(text string) error {
		var v [3]byte
		if n, err := fmt.Sscanf(text, "%d.%d.%d", &v[0], &v[1], &v[2]); n != len(v) || err != nil {
			return errors.New("it is not like 5.4.3")
		}
		o.Version = text
		return nil
	})
	flags.DurationVar(&o.TouchLimit, "touch-limit", 15*time.Second, "")
}
