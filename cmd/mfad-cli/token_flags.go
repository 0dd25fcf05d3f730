package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/errcode"
	"github.com/mfad/mfad/internal/line"
)

// tokenPatience is for how long a person who pressed Tab waits for the tokens:
// they are asked themselves.
const tokenPatience = 2 * time.Second

// tokenFlag declares --token, completed from what is plugged in.
func (c *cli) tokenFlag(cmd *cobra.Command, token *string) {
	cmd.Flags().StringVar(token, "token", "", "the token's serial number (the only one that is plugged in)")
	_ = cmd.RegisterFlagCompletionFunc("token", c.completeTokens)
}

// An onToken says onto which tokens a secret goes.
type onToken struct {
	wanted bool
	touch  bool
	token  string
	also   []string
}

// onTokenFlags declares --on-token and what goes with it.
func (c *cli) onTokenFlags(cmd *cobra.Command, o *onToken, touch string) {
	f := cmd.Flags()
	f.BoolVar(&o.wanted, "on-token", false, "keep the secret on a hardware token, and in the vault only where it is")
	f.BoolVar(&o.touch, "touch", false, "with --on-token: "+touch)
	c.tokenFlag(cmd, &o.token)
	f.StringArrayVar(&o.also, "also", nil, "with --on-token: put it onto the token of this serial number, too (repeatable)")
	_ = cmd.RegisterFlagCompletionFunc("also", c.completeTokens)
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
	var all []string
	if cmd.Flags().Changed("token") {
		all = append(all, o.token)
	}
	for i, serial := range append(all, o.also...) {
		if serial == "" {
			return misuse(cmd, errors.New("a serial number is empty"))
		}
		if slices.Index(append(all, o.also...), serial) < i {
			return misuse(cmd, fmt.Errorf("token %s is named twice", serial))
		}
	}
	return nil
}

// checkMove is check for a verb that does nothing else.
func (o onToken) checkMove(cmd *cobra.Command) error {
	if !o.wanted {
		return usagef(`Run "`+cmd.CommandPath()+` {name} --on-token"; a token gives no secret back, so there is no other way to move it.`, "where to: --on-token is the only place")
	}
	return o.check(cmd)
}

// tokens are the serial numbers that are meant; none: the only one that is
// plugged in. With --also alone the first is the only other one.
func (c *cli) tokens(ctx context.Context, o onToken) ([]string, error) {
	switch {
	case o.token != "":
		return append([]string{o.token}, o.also...), nil
	case len(o.also) == 0:
		return nil, nil
	}
	plugged, err := c.oathTokens(ctx)
	if err != nil {
		return nil, err
	}
	others := slices.DeleteFunc(plugged, func(serial string) bool { return slices.Contains(o.also, serial) })
	switch len(others) {
	case 0:
		return nil, errcode.Errorf(errcode.NoToken, "no other token is plugged in than what --also names")
	case 1:
		return append(others, o.also...), nil
	}
	return nil, errcode.Errorf(errcode.TokenAmbiguous, "beside what --also names, several tokens are plugged in: %s", strings.Join(others, ", "))
}

// oathTokens are the serial numbers of the tokens that are plugged in and have
// an OATH applet.
func (c *cli) oathTokens(ctx context.Context) ([]string, error) {
	var r wire.TokenListResult
	if err := c.call(ctx, wire.MethodTokenList, nil, &r); err != nil {
		return nil, err
	}
	var serials []string
	for _, t := range r.Tokens {
		if hasOATH(t) {
			serials = append(serials, oathSerial(t))
		}
	}
	return serials, nil
}

// requireOneToken refuses before a person proves who they are if the tokens
// cannot be looked for, or several could be meant. With none the agent waits for
// one to be plugged in.
func (c *cli) requireOneToken(ctx context.Context, fits func(wire.Token) bool) error {
	var r wire.TokenListResult
	if err := c.call(ctx, wire.MethodTokenList, nil, &r); err != nil {
		return err
	}
	var names []string
	for _, t := range r.Tokens {
		if fits(t) {
			names = append(names, tokenName(t))
		}
	}
	if len(names) > 1 {
		return errcode.Errorf(errcode.TokenAmbiguous, "several tokens are plugged in: %s", line.One(strings.Join(names, ", ")))
	}
	return nil
}

func hasOATH(t wire.Token) bool { return t.OATH != nil }

func hasPIV(t wire.Token) bool { return t.PIV != nil }

// requireToken refuses before a person is asked for what only a token can keep,
// as requireVault does.
func (c *cli) requireToken(ctx context.Context, o onToken) error {
	plugged, err := c.oathTokens(ctx)
	if err == nil && len(plugged) == 0 {
		err = errcode.Errorf(errcode.NoToken, "no token with an OATH applet is plugged in")
	}
	if err != nil {
		return err
	}
	return c.requireMeant(ctx, o)
}

// requireMeant refuses if it is not clear which token is meant, before the
// person proves who they are.
func (c *cli) requireMeant(ctx context.Context, o onToken) error {
	if o.token != "" || len(o.also) > 0 {
		return nil
	}
	return c.requireOneToken(ctx, hasOATH)
}

// oathSerial is what an OATH applet is meant by: a token without a serial
// number by the applet's own ID.
func oathSerial(t wire.Token) string {
	if t.Serial == "" && t.OATH != nil {
		return t.OATH.ID
	}
	return t.Serial
}

// place says where a secret is: "vault", or on which tokens.
func place(tokens []string, touch bool) string {
	if len(tokens) == 0 {
		return "vault"
	}
	text := onTokens(tokens)
	if touch {
		text += ", touch"
	}
	return text
}

// whither is place for what was just put there, and nothing for the vault.
func whither(tokens []string, touch bool) string {
	switch {
	case len(tokens) == 0:
		return ""
	case touch:
		return ", on " + onTokens(tokens) + "; each use takes a touch"
	}
	return ", on " + onTokens(tokens)
}

// onTokens is such as "token 1" or "tokens 1, 2".
func onTokens(serials []string) string {
	if len(serials) == 1 {
		return "token " + serials[0]
	}
	return "tokens " + strings.Join(serials, ", ")
}

// sayLeft tells which tokens hold what was removed, or replaced, still.
func (c *cli) sayLeft(left []string) {
	for _, serial := range left {
		c.say("mfad: token %s still holds the old secret: it could not be reached", serial)
		c.hint(`Plug it in, and run "ykman%s oath accounts list" to find it and "ykman%[1]s oath accounts delete" to delete it.`, ykmanDevice(serial))
	}
}

// askTokens asks a running agent what is plugged in, for a person who pressed Tab.
func (c *cli) askTokens() []wire.Token {
	ctx, cancel := context.WithTimeout(context.Background(), tokenPatience)
	defer cancel()
	var r wire.TokenListResult
	if err := c.callRunning(ctx, wire.MethodTokenList, nil, &r); err != nil {
		return nil
	}
	return r.Tokens
}

func (c *cli) completeTokens(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	var words []string
	for _, t := range c.askTokens() {
		if serial := oathSerial(t); serial != "" {
			words = append(words, cobra.CompletionWithDesc(serial, t.Model))
		}
	}
	return words, cobra.ShellCompDirectiveNoFileComp
}

// completeFIDO2 are the paths of FIDO2 keys that can open a vault.
func (c *cli) completeFIDO2(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	var words []string
	for _, t := range c.askTokens() {
		if t.FIDO2 != nil && t.FIDO2.HMACSecret {
			words = append(words, cobra.CompletionWithDesc(t.Place, tokenName(t)))
		}
	}
	return words, cobra.ShellCompDirectiveDefault
}
