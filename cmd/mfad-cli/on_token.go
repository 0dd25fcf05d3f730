package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/cmd/mfad-cli/internal/tokentext"
	"github.com/mfad/mfad/internal/errcode"
)

// An onToken says onto which tokens a secret goes.
type onToken struct {
	wanted bool
	touch  bool
	token  string
	also   []string
}

// flags declares --on-token and what goes with it; touch says what takes a
// touch with --touch.
func (o *onToken) flags(cmd *cobra.Command, running caller, touch string) {
	f := cmd.Flags()
	f.BoolVar(&o.wanted, "on-token", false, "keep the secret on a hardware token, and in the vault only where it is")
	f.BoolVar(&o.touch, "touch", false, "with --on-token: "+touch)
	tokenFlag(cmd, running, &o.token)
	f.StringArrayVar(&o.also, "also", nil, "with --on-token: put it onto the token of this serial number, too (repeatable)")
	_ = cmd.RegisterFlagCompletionFunc("also", completeTokens(running))
}

// check refuses flags that do not go together.
func (o onToken) check(cmd *cobra.Command) error {
	if !o.wanted {
		for _, flag := range []string{"touch", "token", "also"} {
			if cmd.Flags().Changed(flag) {
				return misuse(cmd, fmt.Errorf("--%s is for --on-token", flag))
			}
		}
		return nil
	}
	var named []string
	if cmd.Flags().Changed("token") {
		named = append(named, o.token)
	}
	named = append(named, o.also...)
	for i, serial := range named {
		if serial == "" {
			return misuse(cmd, errors.New("a serial number is empty"))
		}
		if slices.Index(named, serial) < i {
			return misuse(cmd, fmt.Errorf("token %s is named twice", serial))
		}
	}
	return nil
}

// serials are the serial numbers of the tokens that are meant; none: the only
// one that is plugged in. With --also alone the first is the only other one.
func (o onToken) serials(ctx context.Context, call caller) ([]string, error) {
	switch {
	case o.token != "":
		return append([]string{o.token}, o.also...), nil
	case len(o.also) == 0:
		return nil, nil
	}
	plugged, err := pluggedIn(ctx, call, hasOATH)
	if err != nil {
		return nil, err
	}
	var others []string
	for _, t := range plugged {
		if serial := oathSerial(t); !slices.Contains(o.also, serial) {
			others = append(others, serial)
		}
	}
	switch len(others) {
	case 0:
		return nil, errcode.Errorf(errcode.NoToken, "no other token is plugged in than what --also names")
	case 1:
		return append(others, o.also...), nil
	}
	return nil, errcode.Errorf(errcode.TokenAmbiguous,
		"beside what --also names, several tokens are plugged in: %s", strings.Join(others, ", "))
}

// requirePlugged refuses before a person is asked for what only a token can
// keep, as requireVault does: if none is there, or it is not clear which.
func (o onToken) requirePlugged(ctx context.Context, call caller) error {
	plugged, err := pluggedIn(ctx, call, hasOATH)
	switch {
	case err != nil:
		return err
	case len(plugged) == 0:
		return errcode.Errorf(errcode.NoToken, "no token with an OATH applet is plugged in")
	case o.named():
		return nil
	}
	return refuseSeveral(plugged)
}

// requireClear refuses before a person proves who they are if it is not clear
// which token is meant. With none plugged in the agent waits for one.
func (o onToken) requireClear(ctx context.Context, call caller) error {
	if o.named() {
		return nil
	}
	plugged, err := pluggedIn(ctx, call, hasOATH)
	if err != nil {
		return err
	}
	return refuseSeveral(plugged)
}

// named tells whether the command line says which tokens are meant.
func (o onToken) named() bool { return o.token != "" || len(o.also) > 0 }

// sayOnlyThere says of devices that one token alone has, that this is so, and of
// those that tokens had before, that they stay there.
func sayOnlyThere(c console, devices []wire.Device) {
	for _, d := range devices {
		if d.Adopted {
			c.say("mfad: the secret of %q was on a token before: \"mfad device remove\" leaves it there, unless with --erase", d.Name)
		}
		if len(d.Tokens) == 1 {
			c.say("mfad: %s alone has the secret of %q: when it is lost, so is the device", tokentext.OnTokens(d.Tokens), d.Name)
		}
	}
}

// sayLeft tells which tokens hold what was removed, or replaced, still.
func sayLeft(c console, left []string) {
	for _, serial := range left {
		c.say("mfad: token %s still holds the old secret: it could not be reached", serial)
		c.hint(`Plug it in, and run "ykman%s oath accounts list" to find it and "ykman%[1]s oath accounts delete" to delete it.`,
			tokentext.YkmanDevice(serial))
	}
}
