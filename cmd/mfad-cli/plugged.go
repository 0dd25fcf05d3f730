package main

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/cmd/mfad-cli/internal/tokentext"
	"github.com/mfad/mfad/internal/errcode"
	"github.com/mfad/mfad/internal/line"
)

// pluggedIn are the tokens that are plugged in and fit. It fails if they cannot
// be looked for.
func pluggedIn(ctx context.Context, call caller, fits func(wire.Token) bool) ([]wire.Token, error) {
	var r wire.TokenListResult
	if err := call(ctx, wire.MethodTokenList, nil, &r); err != nil {
		return nil, err
	}
	var fitting []wire.Token
	for _, t := range r.Tokens {
		if fits(t) {
			fitting = append(fitting, t)
		}
	}
	return fitting, nil
}

// refuseSeveral refuses when more than one token could be meant.
func refuseSeveral(tokens []wire.Token) error {
	if len(tokens) <= 1 {
		return nil
	}
	var names []string
	for _, t := range tokens {
		names = append(names, tokentext.Name(t))
	}
	return errcode.Errorf(errcode.TokenAmbiguous, "several tokens are plugged in: %s", line.One(strings.Join(names, ", ")))
}

func hasOATH(t wire.Token) bool { return t.OATH != nil }

func hasPIV(t wire.Token) bool { return t.PIV != nil }

// oathSerial is what an OATH applet is meant by: a token without a serial
// number by the applet's own ID.
func oathSerial(t wire.Token) string {
	if t.Serial == "" && t.OATH != nil {
		return t.OATH.ID
	}
	return t.Serial
}

// tokenFlag declares --token, completed from what is plugged in.
func tokenFlag(cmd *cobra.Command, running caller, token *string) {
	cmd.Flags().StringVar(token, "token", "", "the token's serial number (the only one that is plugged in)")
	_ = cmd.RegisterFlagCompletionFunc("token", completeTokens(running))
}

// tokensAtTab asks a running agent what is plugged in, for a person who pressed
// Tab; they wait longer than for a list, because the tokens are asked themselves.
func tokensAtTab(running caller) []wire.Token {
	const patience = 2 * time.Second
	return atTab[wire.TokenListResult](running, wire.MethodTokenList, patience).Tokens
}

func completeTokens(running caller) cobra.CompletionFunc {
	return completeWords(func() []string {
		var words []string
		for _, t := range tokensAtTab(running) {
			if serial := oathSerial(t); serial != "" {
				words = append(words, cobra.CompletionWithDesc(serial, t.Model))
			}
		}
		return words
	})
}
