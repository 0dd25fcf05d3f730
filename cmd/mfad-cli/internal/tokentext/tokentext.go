// Package tokentext tells of hardware tokens in words: what a token is and can
// do, how many tries its PINs have, and where a secret lies that a token keeps.
//
// It only words what the agent has told; it talks to no token. "mfad token list"
// prints its blocks, and the verbs that put things onto tokens and doctor use
// its names and warnings. Text of a token is made printable here.
package tokentext

import (
	"fmt"
	"strings"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/cmd/mfad-cli/internal/table"
	"github.com/mfad/mfad/cmd/mfad-cli/internal/words"
	"github.com/mfad/mfad/internal/line"
	"github.com/mfad/mfad/internal/pinguard"
)

// namesShown is how many names a line of a listing takes; --json has them all.
const namesShown = 3

// Name names a token to a person: "YubiKey 5 NFC (serial 12345678)".
func Name(t wire.Token) string {
	if t.Serial == "" {
		return t.Model
	}
	return fmt.Sprintf("%s (serial %s)", t.Model, t.Serial)
}

// Blocks shows tokens, a block of lines each.
func Blocks(tokens []wire.Token) string {
	var blocks []string
	for _, t := range tokens {
		blocks = append(blocks, tokenBlock(t))
	}
	return strings.Join(blocks, "\n")
}

// tokenBlock is a token's block: its name, then a paragraph for each thing that
// it can do.
func tokenBlock(t wire.Token) string {
	var b strings.Builder
	name := Name(t)
	if t.Version != "" {
		name += ", firmware " + t.Version
	}
	b.WriteString(line.One(name) + "\n")
	writeParagraph(&b, "at", t.Place)
	if t.PIV != nil {
		writeParagraph(&b, "PIV", pivText(*t.PIV)...)
	}
	if t.OATH != nil {
		writeParagraph(&b, "OATH", oathText(*t.OATH)...)
	}
	if t.FIDO2 != nil {
		writeParagraph(&b, "FIDO2", fido2Text(*t.FIDO2)...)
	}
	writeParagraph(&b, "keeps", t.Keeps...)
	if t.Fault != "" {
		writeParagraph(&b, "fault", t.Fault)
	}
	return b.String()
}

// writeParagraph writes lines beside a title.
func writeParagraph(b *strings.Builder, title string, lines ...string) {
	for i, text := range lines {
		head := ""
		if i == 0 {
			head = title + ":"
		}
		fmt.Fprintf(b, "  %-7s %s\n", head, strings.TrimRight(line.One(text), " "))
	}
}

func pivText(p wire.TokenPIV) []string {
	head := triesText(p.Retries, pinguard.PIV)
	if p.Version != "" {
		head = "version " + p.Version + ", " + head
	}
	t := table.New()
	for _, k := range p.Keys {
		t.Row(k.Slot, k.Algorithm, "PIN "+orUnknown(k.PIN), "touch "+orUnknown(k.Touch), keyOrigin(k), k.Subject)
	}
	lines := []string{head}
	for line := range strings.Lines(t.String()) {
		lines = append(lines, strings.TrimSuffix(line, "\n"))
	}
	return lines
}

func keyOrigin(k wire.TokenPIVKey) string {
	if k.Attested {
		return "attested"
	}
	return k.Origin
}

func oathText(o wire.TokenOATH) []string {
	state := words.Count(o.Credentials, "credential")
	access := "no access code"
	if o.Unlisted {
		state = "credentials not known"
	}
	switch {
	case o.Locked:
		state, access = "locked", "access code not known"
	case o.Protected:
		access = "access code remembered"
	}
	head := fmt.Sprintf("%s, %s, id %s", state, access, o.ID)
	if len(o.Touch) == 0 {
		return []string{head}
	}
	return []string{head, "touch: " + firstNames(o.Touch)}
}

// firstNames names the first of many.
func firstNames(names []string) string {
	if more := len(names) - namesShown; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:namesShown], ", "), more)
	}
	return strings.Join(names, ", ")
}

func fido2Text(f wire.TokenFIDO2) []string {
	use := "cannot open a vault (no hmac-secret)"
	if f.HMACSecret {
		use = "can open a vault (hmac-secret)"
	}
	pin := "no PIN set"
	if f.PINSet {
		pin = triesText(f.Retries, pinguard.FIDO2)
	}
	return []string{use + ", " + pin, "AAGUID " + f.AAGUID}
}

func orUnknown(s string) string {
	if s == "" {
		return "?"
	}
	return s
}
