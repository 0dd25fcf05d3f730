package totp

import "google.golang.org/protobuf/encoding/protowire"

// field is what a message's definition says of one field.
type field struct {
	kind     protowire.Type
	repeated bool
}

var payloadFields = map[protowire.Number]field{
	1: {kind: protowire.BytesType, repeated: true},
	2: {kind: protowire.VarintType},
	3: {kind: protowire.VarintType},
	4: {kind: protowire.VarintType},
	5: {kind: protowire.VarintType},
}

var entryFields = map[protowire.Number]field{
	1: {kind: protowire.BytesType},
	2: {kind: protowire.BytesType},
	3: {kind: protowire.BytesType},
	4: {kind: protowire.VarintType},
	5: {kind: protowire.VarintType},
	6: {kind: protowire.VarintType},
	7: {kind: protowire.VarintType},
}

// eachField calls visit with each field of a message that its definition
// knows: bytes of a bytes field, n of a varint. Protocol buffers let the last
// of several win; here a field that is not repeated comes once.
func eachField(message []byte, known map[protowire.Number]field, visit func(num protowire.Number, bytes []byte, n uint64) error) error {
	seen := map[protowire.Number]bool{}
	for len(message) > 0 {
		num, kind, length := protowire.ConsumeTag(message)
		if length < 0 {
			return errDamagedExport()
		}
		message = message[length:]
		length = protowire.ConsumeFieldValue(num, kind, message)
		if length < 0 {
			return errDamagedExport()
		}
		value := message[:length]
		message = message[length:]
		want, ok := known[num]
		if !ok {
			continue
		}
		if kind != want.kind || seen[num] && !want.repeated {
			return errDamagedExport()
		}
		seen[num] = true
		var bytes []byte
		var n uint64
		if kind == protowire.BytesType {
			bytes, _ = protowire.ConsumeBytes(value)
		} else {
			n, _ = protowire.ConsumeVarint(value)
		}
		if err := visit(num, bytes, n); err != nil {
			return err
		}
	}
	return nil
}
