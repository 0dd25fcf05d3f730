package totp

import (
	"bytes"
	"encoding/hex"
	"strconv"
	"strings"
	"time"
)

// parseURI reads what follows otpauth://, as described in
// https://github.com/google/google-authenticator/wiki/Key-Uri-Format.
func (s *scratch) parseURI(rest []byte) (Key, error) {
	if bytes.IndexByte(rest, '#') >= 0 {
		return Key{}, badSeed("the URI holds a #: write %%23 in its place")
	}
	path, query, _ := bytes.Cut(rest, []byte("?"))
	kind, label, _ := bytes.Cut(path, []byte("/"))
	switch {
	case bytes.EqualFold(kind, []byte("hotp")):
		return Key{}, badSeed("the type is hotp, which counts uses: mfad gives codes by time; enrol the device again as a time-based one (totp)")
	case !bytes.EqualFold(kind, []byte("totp")):
		return Key{}, badSeed("the type must be totp, as in otpauth://totp/…")
	}
	params, err := s.parseParams(query)
	if err != nil {
		return Key{}, err
	}
	k := Key{Digits: defaultDigits, Period: defaultPeriod, Algorithm: SHA1}
	if err := s.setLabel(&k, label, params["issuer"]); err != nil {
		return Key{}, err
	}
	k.setParams(params)
	secret, given := params["secret"]
	if !given {
		return Key{}, badSeed("the URI has no secret: scan the QR code again")
	}
	if k.Seed, err = s.parseSecret(secret); err != nil {
		return Key{}, err
	}
	if err := k.check(); err != nil {
		k.Wipe()
		return Key{}, err
	}
	return k, nil
}

// params are a query's parameters that mfad knows, decoded.
type params map[string][]byte

// parseParams refuses a parameter that comes twice, whichever of the two a
// reader would take. Parameters that are not known, such as image, are ignored.
func (s *scratch) parseParams(query []byte) (params, error) {
	p := params{}
	for len(query) > 0 {
		var field []byte
		field, query, _ = bytes.Cut(query, []byte("&"))
		key, value, _ := bytes.Cut(field, []byte("="))
		name := strings.ToLower(string(key))
		switch name {
		case "secret", "issuer", "algorithm", "digits", "period", "data":
		default:
			continue
		}
		if _, twice := p[name]; twice {
			return p, badSeed("the URI gives %s twice: remove one", name)
		}
		// An ill-formed escape is reported without its text: it may be the secret's.
		decoded, ok := s.unescape(value, true)
		if !ok {
			return p, badSeed("%s holds a %% that is not followed by two hex digits: copy the URI again", name)
		}
		p[name] = decoded
	}
	return p, nil
}

// setLabel takes "issuer:account" apart. When the issuer parameter says
// otherwise it wins: the label is what people edit.
func (s *scratch) setLabel(k *Key, label, issuer []byte) error {
	decoded, ok := s.unescape(label, false)
	if !ok {
		return badSeed("the label holds a %% that is not followed by two hex digits: copy the URI again")
	}
	k.Issuer, k.Account = splitLabel(string(decoded), string(issuer))
	return nil
}

func splitLabel(label, issuer string) (string, string) {
	issuer = strings.TrimSpace(issuer)
	// An issuer that holds a colon is known by the parameter alone.
	if account, found := strings.CutPrefix(label, issuer+":"); found && issuer != "" {
		return issuer, strings.TrimSpace(account)
	}
	before, account, found := strings.Cut(label, ":")
	if !found {
		before, account = "", label
	}
	if issuer == "" {
		issuer = strings.TrimSpace(before)
	}
	return issuer, strings.TrimSpace(account)
}

// setParams leaves a value that check refuses for one that cannot be read.
func (k *Key) setParams(p params) {
	if v, given := p["algorithm"]; given {
		k.Algorithm = parseAlgorithm(string(v))
	}
	if v, given := p["digits"]; given {
		k.Digits = parseNumber(v)
	}
	if v, given := p["period"]; given {
		k.Period = time.Duration(parseNumber(v)) * time.Second
	}
}

// parseAlgorithm reads SHA1, and what others call it: SHA-1, HmacSHA1, nothing.
func parseAlgorithm(text string) Algorithm {
	name := strings.NewReplacer("-", "", "_", "").Replace(strings.ToUpper(text))
	if name = strings.TrimPrefix(name, "HMAC"); name == "" {
		return SHA1
	}
	return Algorithm(name)
}

// parseNumber reads one to three plain decimal digits; anything else is -1.
func parseNumber(text []byte) int {
	n := 0
	for _, c := range text {
		if c < '0' || c > '9' {
			return -1
		}
		n = 10*n + int(c-'0')
	}
	if len(text) == 0 || len(text) > 3 {
		return -1
	}
	return n
}

// unescape undoes percent-encoding in a new slice; plus turns + into a space,
// as in a query.
func (s *scratch) unescape(text []byte, plus bool) ([]byte, bool) {
	out := s.room(len(text))[:0]
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '+' && plus:
			c = ' '
		case c == '%':
			var b [1]byte
			if i+2 >= len(text) {
				return nil, false
			}
			if _, err := hex.Decode(b[:], text[i+1:i+3]); err != nil {
				return nil, false
			}
			c = b[0]
			i += 2
		}
		out = append(out, c)
	}
	return out, true
}

// MarshalURI writes the key as an otpauth URI in its one canonical form, every
// parameter spelled out; [Parse] gives the same key back. It holds the secret:
// the caller wipes it. Of a wiped key it is nil.
func (k *Key) MarshalURI() []byte {
	secret := k.Seed.bytes()
	if len(secret) == 0 {
		return nil
	}
	// In one allocation of the right size, so that no copy of the secret is
	// left behind by growing.
	uri := make([]byte, 0, 128+3*(2*len(k.Issuer)+len(k.Account))+unpadded.EncodedLen(len(secret)))
	uri = append(uri, "otpauth://totp/"...)
	if k.Issuer != "" || strings.Contains(k.Account, ":") {
		uri = append(escape(uri, k.Issuer), ':')
	}
	uri = escape(uri, k.Account)
	uri = append(uri, "?secret="...)
	uri = unpadded.AppendEncode(uri, secret)
	if k.Issuer != "" {
		uri = escape(append(uri, "&issuer="...), k.Issuer)
	}
	uri = append(append(uri, "&algorithm="...), k.Algorithm...)
	uri = strconv.AppendInt(append(uri, "&digits="...), int64(k.Digits), 10)
	return strconv.AppendInt(append(uri, "&period="...), int64(k.Period/time.Second), 10)
}

// escape percent-encodes all but RFC 3986's unreserved characters, and the @
// that most accounts have.
func escape(to []byte, text string) []byte {
	for i := range len(text) {
		switch c := text[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-._~@", c) >= 0:
			to = append(to, c)
		default:
			to = append(to, '%', "0123456789ABCDEF"[c>>4], "0123456789ABCDEF"[c&15])
		}
	}
	return to
}
