//go:build cgo && (linux || darwin)

package pcsc

import (
	"fmt"

	"github.com/mfad/mfad/token"
)

// The status words of T=0 that are about its way to send (ISO 7816-3, 10.3 and
// 12.2): "fetch xx bytes", and "again, with Le xx".
const (
	swFetch = 0x61
	swLe    = 0x6C
)

const insGetResponse = 0xC0

// transmitT0 sends a short APDU by T=0, which has data in one direction only: a
// command with data goes without Le, and its answer is fetched afterwards.
//
// Only an answer that is a bare 61xx is fetched here. Behind data 61xx is the
// applet's, and so is the command that asks it for more.
func transmitT0(exchange func([]byte) ([]byte, error), apdu []byte) ([]byte, error) {
	tpdu, err := toT0(apdu)
	if err != nil {
		return nil, err
	}
	defer clear(tpdu)
	answer, err := exchange(tpdu)
	if err == nil && len(answer) == 2 && answer[0] == swFetch {
		tpdu = []byte{apdu[0] &^ 0x1F, insGetResponse, 0, 0, answer[1]}
		answer, err = exchange(tpdu)
	}
	if err == nil && len(answer) == 2 && answer[0] == swLe && len(tpdu) == 5 {
		tpdu[4] = answer[1]
		answer, err = exchange(tpdu)
	}
	return answer, err
}

// toT0 is an APDU as T=0 has it, with P3 for Lc or Le.
func toT0(apdu []byte) ([]byte, error) {
	tpdu := append(make([]byte, 0, len(apdu)+1), apdu...)
	switch {
	case len(apdu) == 4: // neither data nor answer
		return append(tpdu, 0), nil
	case len(apdu) == 5: // Le
		return tpdu, nil
	case len(apdu) == 5+int(apdu[4]) && apdu[4] != 0: // data
		return tpdu, nil
	case len(apdu) == 6+int(apdu[4]) && apdu[4] != 0: // data and Le
		return tpdu[:len(tpdu)-1], nil
	}
	return nil, fmt.Errorf("%w: an extended APDU cannot be sent by T=0", token.ErrUnsupported)
}
