package tokentest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
)

// What vpcd asks of a card, in messages of one byte.
const (
	vpcdOff   = 0
	vpcdOn    = 1
	vpcdReset = 2
	vpcdATR   = 4
)

// serve plays card to vpcd over conn until one of them ends it. Each message is
// a length of two bytes and that many bytes, both ways.
func serve(conn net.Conn, card Card) {
	defer conn.Close()
	defer card.Reset()
	for {
		message, err := readMessage(conn)
		if err != nil {
			return
		}
		var answer []byte
		switch {
		case len(message) != 1:
			answer = card.Command(message)
			if answer == nil {
				return
			}
		case message[0] == vpcdATR:
			answer = card.ATR()
		case message[0] == vpcdOff, message[0] == vpcdReset:
			card.Reset()
			continue
		default: // vpcdOn: the reset has been
			continue
		}
		if err := writeMessage(conn, answer); err != nil {
			return
		}
		if l, ok := card.(leaver); ok && l.leaving() {
			return
		}
	}
}

func readMessage(conn net.Conn) ([]byte, error) {
	var head [2]byte
	if err := readFull(conn, head[:]); err != nil {
		return nil, err
	}
	message := make([]byte, binary.BigEndian.Uint16(head[:]))
	return message, readFull(conn, message)
}

// readFull asks for quick acknowledgements before each read, for the system
// forgets it: vpcd writes length and payload apart, and by Nagle's rule the
// second waits for the acknowledgement of the first, which is else delayed by
// 40 ms.
func readFull(conn net.Conn, p []byte) error {
	for len(p) > 0 {
		quickAck(conn)
		n, err := conn.Read(p)
		if err != nil {
			return fmt.Errorf("reading from vpcd: %w", err)
		}
		p = p[n:]
	}
	return nil
}

// writeMessage writes once, for the same reason.
func writeMessage(w io.Writer, p []byte) error {
	if len(p) > 0xffff {
		return errors.New("answering vpcd: more than 65535 bytes")
	}
	_, err := w.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(p))), p...))
	return err
}
