package oath

import (
	"errors"
	"fmt"
	"slices"

	"github.com/mfad/mfad/token"
)

// List lists the credentials in the applet's order. LIST alone does not tell
// which of them want a touch: the answer to CALCULATE ALL does, where the applet
// has that command. One that has no LIST tells names by CALCULATE ALL alone.
// Records that are neither TOTP nor HOTP are left out.
func (a *Applet) List() ([]token.OATHCredential, error) {
	held, _, err := a.list()
	if err != nil {
		return nil, fmt.Errorf("listing the credentials of the token: %w", err)
	}
	return held, nil
}

// Found is a credential that the applet lists.
type Found struct {
	token.OATHCredential
	// TellsTouch says that Touch can be relied on: not every applet tells.
	TellsTouch bool
}

// Find finds a credential by its name among those that the applet lists. It
// returns token.ErrNoCredential if the name is not among them, and another error
// if they cannot be listed.
func (a *Applet) Find(name string) (Found, error) {
	held, tellsTouch, err := a.list()
	if err != nil {
		return Found{}, fmt.Errorf("looking for %q on the token: %w", name, err)
	}
	at := slices.IndexFunc(held, func(c token.OATHCredential) bool { return c.Name == name })
	if at < 0 {
		return Found{}, token.ErrNoCredential
	}
	return Found{held[at], tellsTouch}, nil
}

// Counts tells whether the applet lists a credential as one that counts (HOTP).
// It says no of what cannot be listed. The error is the card's.
func (a *Applet) Counts(name string) (bool, error) {
	held, err := a.names()
	if err != nil {
		return false, cardFault(err)
	}
	return slices.ContainsFunc(held, func(c token.OATHCredential) bool { return c.Name == name && c.Type == types[typeHOTP] }), nil
}

// cardFault is err if the card failed; nil if it only would not or could not
// answer a question that can be done without.
func cardFault(err error) error {
	_, refused := errors.AsType[*StatusError](err)
	if refused || errors.Is(err, errMalformed) {
		return nil
	}
	return err
}

// list also says whether the applet tells which credentials want a touch.
func (a *Applet) list() (held []token.OATHCredential, tellsTouch bool, err error) {
	held, unlisted := a.names()
	if unlisted != nil && !isMissing(unlisted) {
		return nil, false, unlisted
	}
	if unlisted == nil && len(held) == 0 {
		return nil, true, nil
	}
	// Codes of 1970 are of no use to whoever reads along.
	all, err := a.calculateAll(make([]byte, 8))
	switch {
	case err == nil:
	case unlisted != nil:
		return nil, false, unlisted
	default:
		return held, false, cardFault(err)
	}
	if unlisted != nil {
		return named(all), true, nil
	}
	touch := make(map[string]bool)
	for _, r := range all {
		clear(r.response)
		touch[r.name] = r.tag == tagTouch
	}
	for i := range held {
		held[i].Touch = held[i].Touch || touch[held[i].Name]
	}
	return held, true, nil
}

// named are the credentials of an answer to CALCULATE ALL, which does not tell
// the algorithms.
func named(all []response) []token.OATHCredential {
	held := make([]token.OATHCredential, len(all))
	for i, r := range all {
		clear(r.response)
		held[i] = token.OATHCredential{Name: r.name, Type: types[typeTOTP], Touch: r.tag == tagTouch}
		if r.tag == tagHOTP {
			held[i].Type = types[typeHOTP]
		}
	}
	return held
}

// names is the answer to LIST.
func (a *Applet) names() ([]token.OATHCredential, error) {
	answer, err := a.do(command{ins: insList})
	if err != nil {
		return nil, err
	}
	return parseList(answer)
}

// parseList reads the answer to LIST. Some applets let a property follow a name.
func parseList(answer []byte) ([]token.OATHCredential, error) {
	objects, err := parseTLV(answer)
	if err != nil {
		return nil, err
	}
	var held []token.OATHCredential
	foreign := false // the last record is of no kind that codes are computed with
	for at, o := range objects {
		switch o.tag {
		case tagNameList:
			var c token.OATHCredential
			if c, foreign = parseListed(o.value); !foreign {
				held = append(held, c)
			}
		case tagProperty:
			if at == 0 || len(o.value) != 1 {
				return nil, malformed("a property out of place")
			}
			if !foreign {
				held[len(held)-1].Touch = o.value[0]&propertyTouch != 0
			}
		default:
			return nil, malformed("tag %02x in a list", o.tag)
		}
	}
	return held, nil
}

// parseListed reads one record. Other makers have kinds of their own beside TOTP
// and HOTP, such as passwords.
func parseListed(value []byte) (c token.OATHCredential, foreign bool) {
	if len(value) < 2 {
		return token.OATHCredential{}, true
	}
	kind, known := types[value[0]&typeMask]
	alg, knownAlg := algorithms[value[0]&algorithmMask]
	if !known || !knownAlg {
		return token.OATHCredential{}, true
	}
	return token.OATHCredential{Name: string(value[1:]), Type: kind, Algorithm: alg.name}, false
}
