package tokentest

// tlv is a data object of BER: a tag of one or two bytes, a length, a value.
type tlv struct {
	tag   int
	value []byte
}

// parseTLVs parses data objects to the last byte; ok is false for anything
// else.
func parseTLVs(data []byte) (objects []tlv, ok bool) {
	for len(data) > 0 {
		var object tlv
		if object, data, ok = cutTLV(data); !ok {
			return nil, false
		}
		objects = append(objects, object)
	}
	return objects, true
}

func cutTLV(data []byte) (object tlv, rest []byte, ok bool) {
	if len(data) < 2 {
		return tlv{}, nil, false
	}
	object.tag, rest = int(data[0]), data[1:]
	if object.tag&0x1f == 0x1f {
		object.tag, rest = object.tag<<8|int(rest[0]), rest[1:]
	}
	length, rest, ok := cutLength(rest)
	if !ok || length > len(rest) {
		return tlv{}, nil, false
	}
	object.value = rest[:length]
	return object, rest[length:], true
}

func cutLength(data []byte) (length int, rest []byte, ok bool) {
	if len(data) == 0 {
		return 0, nil, false
	}
	first, rest := int(data[0]), data[1:]
	switch {
	case first < 0x80:
		return first, rest, true
	case first == 0x81 && len(rest) >= 1:
		return int(rest[0]), rest[1:], true
	case first == 0x82 && len(rest) >= 2:
		return int(rest[0])<<8 | int(rest[1]), rest[2:], true
	}
	return 0, nil, false
}

// appendTLV appends a data object with the shortest length field.
func appendTLV(to []byte, tag int, value ...byte) []byte {
	if tag > 0xff {
		to = append(to, byte(tag>>8))
	}
	to = append(to, byte(tag))
	switch n := len(value); {
	case n < 0x80:
		to = append(to, byte(n))
	case n <= 0xff:
		to = append(to, 0x81, byte(n))
	default:
		to = append(to, 0x82, byte(n>>8), byte(n))
	}
	return append(to, value...)
}

// find returns the value of the only object of that tag.
func find(objects []tlv, tag int) (value []byte, ok bool) {
	for _, object := range objects {
		if object.tag != tag {
			continue
		}
		if ok {
			return nil, false
		}
		value, ok = object.value, true
	}
	return value, ok
}

// only returns the value of data if data is one object of that tag.
func only(data []byte, tag int) (value []byte, ok bool) {
	object, rest, ok := cutTLV(data)
	return object.value, ok && len(rest) == 0 && object.tag == tag
}
