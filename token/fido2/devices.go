//go:build cgo && (linux || darwin)

package fido2

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	libfido2 "github.com/keys-pub/go-libfido2"

	"github.com/mfad/mfad/token"
)

// nameless is a device that only its path names.
const nameless = "FIDO2 key"

// Devices lists the FIDO2 keys that are plugged in: those that libfido2 finds,
// and those at the configured paths, whatever udev thinks of them. A path
// where there is nothing is left out; a key that does not answer, or is older
// than FIDO2, has a Fault and no FIDO2 part. An error says that looking itself
// failed; the tokens at the configured paths are returned all the same.
// Nobody is asked for anything.
func Devices(configured []string) ([]token.Token, error) {
	found, err := libfido2.DeviceLocations()
	if err != nil {
		err = fmt.Errorf("looking for FIDO2 keys: %v: %w", err, token.ErrUnsupported)
	}
	var out []token.Token
	add := func(path, model string) {
		known := slices.ContainsFunc(out, func(t token.Token) bool { return t.Place == path })
		if !known && there(path) {
			out = append(out, token.Token{Model: model, Place: path})
		}
	}
	for _, l := range found {
		add(l.Path, model(l))
	}
	for _, path := range configured {
		add(path, nameless)
	}
	var wg sync.WaitGroup
	for n := range out {
		wg.Go(func() { describe(&out[n]) })
	}
	wg.Wait()
	return out, err
}

// there tells whether anything is at a path. Those of macOS are no files:
// libfido2, which has just found them, is believed.
func there(path string) bool {
	_, err := os.Stat(path)
	return path != "" && (!filepath.IsAbs(path) || !errors.Is(err, fs.ErrNotExist))
}

func model(l *libfido2.DeviceLocation) string {
	maker, product := strings.TrimSpace(l.Manufacturer), strings.TrimSpace(l.Product)
	if maker != "" && !strings.HasPrefix(product, maker) { // many say it twice
		product = strings.TrimSpace(maker + " " + product)
	}
	if product == "" {
		return nameless
	}
	return product
}

// describe asks the device what it is.
func describe(t *token.Token) {
	ctx := context.Background()
	info, err := quick(ctx, t.Place, (*libfido2.Device).Info)
	if err != nil {
		t.Fault = err.Error()
		return
	}
	f := token.FIDO2{
		AAGUID:     uuid(info.AAGUID),
		HMACSecret: slices.Contains(info.Extensions, string(libfido2.HMACSecretExtension)),
		PINSet:     slices.Contains(info.Options, libfido2.Option{Name: "clientPin", Value: libfido2.True}),
		Retries:    token.Unknown,
		AlwaysUV:   slices.Contains(info.Options, libfido2.Option{Name: "alwaysUv", Value: libfido2.True}),
	}
	if f.PINSet {
		if f.Retries, err = retries(ctx, t.Place); err != nil {
			t.Fault = err.Error()
		}
	}
	t.FIDO2 = &f
}

// uuid writes an AAGUID as it is published.
func uuid(b []byte) string {
	if len(b) != 16 {
		return ""
	}
	s := hex.EncodeToString(b)
	return strings.Join([]string{s[:8], s[8:12], s[12:16], s[16:20], s[20:]}, "-")
}

// find returns the device that made the credential. It asks without a touch,
// so that no PIN is asked for, and tried, on the wrong key.
func find(ctx context.Context, devices []token.Token, credential []byte) (token.Token, error) {
	var fault error
	asked := 0
	for _, t := range devices {
		if t.FIDO2 == nil || !t.FIDO2.HMACSecret {
			continue
		}
		asked++
		switch err := knows(ctx, t.Place, credential); {
		case err == nil:
			return t, nil
		case ctx.Err() != nil:
			return token.Token{}, err
		case !errors.Is(err, token.ErrNoCredential) && fault == nil:
			fault = fmt.Errorf("asking the FIDO2 key at %s: %w", t.Place, err)
		}
	}
	switch {
	case fault != nil:
		return token.Token{}, fault
	case asked == 0:
		return token.Token{}, fmt.Errorf("plug in the FIDO2 key: %w", token.ErrNotPresent)
	default:
		return token.Token{}, fmt.Errorf(
			"no FIDO2 key that is plugged in made this credential; plug in the one that did: %w", token.ErrNotPresent)
	}
}

// choose is the device at place; or, without one, the only one that can open a
// vault, or the only one at all.
func choose(devices []token.Token, place string) (token.Token, error) {
	if place != "" {
		i := slices.IndexFunc(devices, func(t token.Token) bool { return t.Place == place })
		if i < 0 {
			return token.Token{}, fmt.Errorf("%w: there is no FIDO2 key at %s", token.ErrNotPresent, place)
		}
		return devices[i], nil
	}
	unable := func(t token.Token) bool { return t.FIDO2 == nil || !t.FIDO2.HMACSecret }
	fit := slices.DeleteFunc(slices.Clone(devices), unable)
	switch {
	case len(fit) == 1:
		return fit[0], nil
	case len(fit) > 1:
		return token.Token{}, fmt.Errorf("%w: name one by its place: %s", token.ErrAmbiguous, places(fit))
	case len(devices) == 1:
		return devices[0], nil // which says why not
	case len(devices) > 1:
		return token.Token{}, fmt.Errorf("%w: wanted is a FIDO2 key with hmac-secret; plugged in: %s", token.ErrUnsupported, places(devices))
	}
	return token.Token{}, fmt.Errorf("%w: there is no FIDO2 key", token.ErrNotPresent)
}

// places are devices and where they are, and what is wrong with them.
func places(devices []token.Token) string {
	var list []string
	for _, t := range devices {
		text := fmt.Sprintf("%s at %s", t, t.Place)
		if t.Fault != "" {
			text += fmt.Sprintf(" (%s)", t.Fault)
		}
		list = append(list, text)
	}
	return strings.Join(list, ", ")
}
