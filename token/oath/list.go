package oath

import (
	"fmt"

	"github.com/mfad/mfad/token"
)

// List lists the credentials in the applet's order. LIST alone does not tell
// which of them want a touch: the answer to CALCULATE ALL does.
func (a *Applet) List() ([]token.OATHCredential, error) {
	held, err := a.names()
	if err != nil {
		return nil, fmt.Errorf("listing the credentials of the token: %w", err)
	}
	if len(held) == 0 {
		return nil, nil
	}
	// Codes of 1970 are of no use to whoever reads along.
	all, err := a.calculateAll(make([]byte, 8))
	if err != nil {
		return nil, fmt.Errorf("listing the credentials of the token: %w", err)
	}
	touch := make(map[string]bool)
	for _, r := range all {
		clear(r.response)
		touch[r.name] = r.tag == tagTouch
	}
	for i := range held {
		held[i].Touch = held[i].Touch || touch[held[i].Name]
	}
	return held, nil
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
	for _, o := range objects {
		switch o.tag {
		case tagNameList:
			c, err := parseListed(o.value)
			if err != nil {
				return nil, err
			}
			held = append(held, c)
		case tagProperty:
			if len(held) == 0 || len(o.value) != 1 {
				return nil, malformed("a property out of place")
			}
			held[len(held)-1].Touch = o.value[0]&propertyTouch != 0
		default:
			return nil, malformed("tag %02x in a list", o.tag)
		}
	}
	return held, nil
}

func parseListed(value []byte) (token.OATHCredential, error) {
	if len(value) < 2 {
		return token.OATHCredential{}, malformed("a name of no bytes")
	}
	kind, known := types[value[0]&typeMask]
	alg, knownAlg := algorithms[value[0]&algorithmMask]
	if !known || !knownAlg {
		return token.OATHCredential{}, malformed("a credential of kind %02x", value[0])
	}
	return token.OATHCredential{Name: string(value[1:]), Type: kind, Algorithm: alg.name}, nil
}
