package totp

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
)

// Bounds of an export; Google Authenticator puts ten accounts into a QR code.
const (
	maxEntries = 100
	maxParts   = 1000
)

// parseMigration reads what follows otpauth-migration://. Google publishes no
// definition; the one that its readers agree on is
//
//	message Payload { repeated Entry entries = 1; int32 version = 2;
//	    int32 batch_size = 3; int32 batch_index = 4; int32 batch_id = 5; }
//	message Entry { bytes secret = 1; string name = 2; string issuer = 3;
//	    Algorithm algorithm = 4; Digits digits = 5; Type type = 6; int64 counter = 7; }
func (s *scratch) parseMigration(rest []byte) (Batch, error) {
	path, query, _ := bytes.Cut(rest, []byte("?"))
	if !bytes.EqualFold(bytes.TrimSuffix(path, []byte("/")), []byte("offline")) {
		return Batch{}, badSeed("the export must be otpauth-migration://offline?data=…: scan its QR code again")
	}
	params, err := s.parseParams(query)
	if err != nil {
		return Batch{}, err
	}
	payload, err := s.decodeData(params["data"])
	if err != nil {
		return Batch{}, err
	}
	var b Batch
	if err := b.readPayload(payload); err != nil {
		WipeAll(b.Keys)
		return Batch{}, err
	}
	return b, nil
}

// decodeData decodes base64, standard or for URLs, padded or not.
func (s *scratch) decodeData(data []byte) ([]byte, error) {
	if len(data) == 0 {
		return nil, badSeed("the export has no data: scan its QR code again")
	}
	text := bytes.TrimRight(data, "=")
	for i, c := range text {
		switch c {
		case ' ', '-': // a + that was not escaped reads as a space
			text[i] = '+'
		case '_':
			text[i] = '/'
		}
	}
	payload := s.room(base64.RawStdEncoding.DecodedLen(len(text)))
	n, err := base64.RawStdEncoding.Decode(payload, text)
	if err != nil {
		return nil, badSeed("the data of the export is not base64: scan its QR code again")
	}
	return payload[:n], nil
}

func errDamagedExport() error {
	return badSeed("the export is damaged or cut off: scan its QR code again")
}

// readPayload fills b. On error the caller wipes the keys that b has by then.
func (b *Batch) readPayload(payload []byte) error {
	var size, index uint64
	entries := 0
	err := eachField(payload, payloadFields, func(num protowire.Number, bytes []byte, n uint64) error {
		switch num {
		case 1:
			if entries++; entries > maxEntries {
				return badSeed("the export has more than %d accounts: export fewer at a time", maxEntries)
			}
			return b.readEntry(entries, bytes)
		case 3:
			size = n
		case 4:
			index = n
		}
		return nil
	})
	if err != nil {
		return err
	}
	size = max(size, 1)
	if size > maxParts || index >= size {
		return errDamagedExport()
	}
	b.Part, b.Parts = int(index)+1, int(size)
	switch {
	case entries == 0:
		return badSeed("the export holds no accounts: choose some and export again")
	case len(b.Keys) == 0:
		return badSeed("the export holds no account that can be used: %s", strings.Join(b.Skipped, "; "))
	}
	return nil
}

// readEntry adds one account to b, or the reason why it cannot be used.
func (b *Batch) readEntry(number int, message []byte) error {
	var e entry
	if err := eachField(message, entryFields, e.set); err != nil {
		return err
	}
	k, err := e.key()
	if err != nil {
		reason := strings.TrimPrefix(err.Error(), ErrBadSeed.Error()+": ")
		b.Skipped = append(b.Skipped, e.describe(number)+reason)
		return nil
	}
	b.Keys = append(b.Keys, k)
	return nil
}

// entry is one account as it stands in an export; secret is a part of the payload.
type entry struct {
	secret                  []byte
	name, issuer            string
	algorithm, digits, kind uint64
}

func (e *entry) set(num protowire.Number, bytes []byte, n uint64) error {
	switch num {
	case 1:
		e.secret = bytes
	case 2:
		e.name = string(bytes)
	case 3:
		e.issuer = string(bytes)
	case 4:
		e.algorithm = n
	case 5:
		e.digits = n
	case 6:
		e.kind = n
	}
	return nil
}

// key checks the entry as a URI is checked. Zero, which is "unspecified" in
// all three enumerations, is the default.
func (e *entry) key() (Key, error) {
	k := Key{Digits: defaultDigits, Period: defaultPeriod, Algorithm: SHA1}
	switch e.kind {
	case 0, 2:
	case 1:
		return Key{}, badSeed("its type is hotp, which counts uses; enrol the device again as a time-based one (totp)")
	default:
		return Key{}, badSeed("its type is unknown; enrol the device again as a time-based one (totp)")
	}
	switch e.algorithm {
	case 0, 1:
	case 2:
		k.Algorithm = SHA256
	case 3:
		k.Algorithm = SHA512
	default:
		return Key{}, badSeed("its algorithm is not SHA1, SHA256 or SHA512; enrol the device again with SHA1")
	}
	switch e.digits {
	case 0, 1:
	case 2:
		k.Digits = 8
	case 3:
		k.Digits = 7
	default:
		return Key{}, badSeed("its number of digits is unknown; enrol the device again with 6")
	}
	if err := checkSecretLen(len(e.secret)); err != nil {
		return Key{}, err
	}
	k.Issuer, k.Account = splitLabel(e.name, e.issuer)
	k.Seed = newSeed(e.secret)
	if err := k.check(); err != nil {
		k.Wipe()
		return Key{}, err
	}
	return k, nil
}

// describe names the entry for people: "account 3 (GitHub:joe): ".
func (e *entry) describe(number int) string {
	if e.name == "" || len(e.name) > maxLabel || !printable(e.name) {
		return fmt.Sprintf("account %d: ", number)
	}
	return fmt.Sprintf("account %d (%s): ", number, e.name)
}
