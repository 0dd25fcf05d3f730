package oath

// The tags of YKOATH.
const (
	tagName      = 0x71 // of a credential; in the answer to SELECT the ID
	tagNameList  = 0x72 // type and algorithm, then the name
	tagKey       = 0x73
	tagChallenge = 0x74
	tagFull      = 0x75 // digits and HMAC; in VALIDATE and SET CODE the HMAC alone
	tagTruncated = 0x76 // digits and four bytes
	tagHOTP      = 0x77 // instead of a response: it would use up a code
	tagProperty  = 0x78
	tagVersion   = 0x79
	tagCounter   = 0x7A // the "initial moving factor" of HOTP
	tagTouch     = 0x7C // instead of a response: it wants a touch
)

// object is one data object. The value is a part of what was parsed.
type object struct {
	tag   byte
	value []byte
}

// parseTLV takes an answer apart. It takes one-byte tags and lengths of one, two
// or three bytes (BER), and nothing that is cut short.
func parseTLV(b []byte) ([]object, error) {
	var objects []object
	for len(b) > 0 {
		tag := b[0]
		value, rest, err := cutValue(tag, b[1:])
		if err != nil {
			return nil, err
		}
		objects = append(objects, object{tag, value})
		b = rest
	}
	return objects, nil
}

func cutValue(tag byte, b []byte) (value, rest []byte, err error) {
	n, b, ok := cutLength(b)
	switch {
	case !ok:
		return nil, nil, malformed("tag %02x has no length", tag)
	case n > len(b):
		return nil, nil, malformed("tag %02x has %d bytes of %d", tag, len(b), n)
	}
	return b[:n:n], b[n:], nil
}

func cutLength(b []byte) (n int, rest []byte, ok bool) {
	switch {
	case len(b) >= 1 && b[0] < 0x80:
		return int(b[0]), b[1:], true
	case len(b) >= 2 && b[0] == 0x81:
		return int(b[1]), b[2:], true
	case len(b) >= 3 && b[0] == 0x82:
		return int(b[1])<<8 | int(b[2]), b[3:], true
	}
	return 0, nil, false
}

// appendTLV appends an object of at most 255 bytes.
func appendTLV(b []byte, tag byte, value ...[]byte) []byte {
	n := 0
	for _, v := range value {
		n += len(v)
	}
	b = append(b, tag)
	if n >= 0x80 {
		b = append(b, 0x81)
	}
	b = append(b, byte(n))
	for _, v := range value {
		b = append(b, v...)
	}
	return b
}

// only returns the value of the one object that an answer may have.
func only(answer []byte, tag byte) ([]byte, error) {
	objects, err := parseTLV(answer)
	if err != nil {
		return nil, err
	}
	if len(objects) != 1 || objects[0].tag != tag {
		return nil, malformed("%d objects instead of a single %02x", len(objects), tag)
	}
	return objects[0].value, nil
}
