package token

import (
	"errors"
	"strings"
)

// What a program answers is looked at before anybody relies on it: an answer
// that is empty or of a wrong length comes from no mfad-token. What tokens say
// of themselves is made fit to be shown: a device can call itself anything.
var errNoAnswer = errors.New("not an answer")

func fits(ok bool) error {
	if !ok {
		return errNoAnswer
	}
	return nil
}

func (r *Listing) check() error {
	for i := range r.Tokens {
		r.Tokens[i].tidy()
	}
	for i := range r.Faults {
		r.Faults[i] = printable(r.Faults[i])
	}
	return nil
}

func (r *OATHCode) check() error {
	r.Token.tidy()
	return fits(len(r.Digits) >= 6 && len(r.Digits) <= 8 && strings.Trim(r.Digits, "0123456789") == "")
}

func (r *OATHDay) check() error {
	r.Token.tidy()
	return fits(len(r.Key) == 32)
}

func (r *Placed) check() error {
	for i := range r.Tokens {
		r.Tokens[i].tidy()
	}
	return fits(len(r.Tokens) > 0)
}

func (r *OATHAccess) check() error {
	r.Token.tidy()
	return fits(r.ID != "" && (len(r.Key) == 0 || len(r.Key) == 16))
}

func (r *WrapResult) check() error { return fits(len(r.Stanzas) > 0) }

// An age file key is of 16 bytes (age specification).
func (r *UnwrapResult) check() error {
	r.Token.tidy()
	return fits(len(r.FileKey) == 16)
}

func (r *NewKey) check() error {
	r.Token.tidy()
	return fits(r.Identity != "")
}

// tidy makes every text of a token printable, and bounds it.
func (t *Token) tidy() {
	tidy(&t.Serial, &t.Model, &t.Version, &t.Place, &t.Fault)
	if t.PIV != nil {
		tidy(&t.PIV.Version)
		for i := range t.PIV.Keys {
			k := &t.PIV.Keys[i]
			tidy(&k.Slot, &k.Algorithm, &k.PIN, &k.Touch, &k.Origin, &k.Subject, &k.Recipient)
		}
	}
	if t.OATH != nil {
		tidy(&t.OATH.ID)
		for i := range t.OATH.Credentials {
			c := &t.OATH.Credentials[i]
			tidy(&c.Name, &c.Type, &c.Algorithm)
		}
	}
	if t.FIDO2 != nil {
		tidy(&t.FIDO2.AAGUID)
	}
}

func tidy(texts ...*string) {
	for _, text := range texts {
		*text = printable(*text)
	}
}
