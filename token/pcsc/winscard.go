//go:build cgo && (linux || darwin)

package pcsc

/*
#cgo linux pkg-config: libpcsclite
#cgo darwin LDFLAGS: -framework PCSC

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#ifdef __APPLE__
#include <PCSC/winscard.h>
#include <PCSC/wintypes.h>
#else
#include <winscard.h>
#endif

// LONG and DWORD are long on Linux and 32 bits on macOS, SCARDCONTEXT and
// SCARDHANDLE likewise: from here on a code is a uint32_t, a handle an int64_t.

static uint32_t mfad_establish(int64_t *context) {
	SCARDCONTEXT c = 0;
	LONG rv = SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &c);
	*context = c;
	return (uint32_t)rv;
}

static uint32_t mfad_release(int64_t context) {
	return (uint32_t)SCardReleaseContext((SCARDCONTEXT)context);
}

static uint32_t mfad_cancel(int64_t context) {
	return (uint32_t)SCardCancel((SCARDCONTEXT)context);
}

// names has *len bytes; NULL asks how many are needed.
static uint32_t mfad_readers(int64_t context, char *names, uint32_t *len) {
	DWORD n = *len;
	LONG rv = SCardListReaders((SCARDCONTEXT)context, NULL, names, &n);
	*len = (uint32_t)n;
	return (uint32_t)rv;
}

// names has n strings, one after the other, each with its zero.
static uint32_t mfad_change(int64_t context, uint32_t timeout, const char *names, uint32_t *states, uint32_t n) {
	SCARD_READERSTATE *s = calloc(n, sizeof *s);
	if (s == NULL)
		return (uint32_t)SCARD_E_NO_MEMORY;
	for (uint32_t i = 0; i < n; i++) {
		s[i].szReader = names;
		s[i].dwCurrentState = states[i];
		names += strlen(names) + 1;
	}
	LONG rv = SCardGetStatusChange((SCARDCONTEXT)context, timeout, s, n);
	for (uint32_t i = 0; i < n; i++)
		states[i] = (uint32_t)s[i].dwEventState;
	free(s);
	return (uint32_t)rv;
}

static uint32_t mfad_connect(int64_t context, const char *reader, uint32_t share, int64_t *card, uint32_t *protocol) {
	SCARDHANDLE h = 0;
	DWORD p = 0;
	LONG rv = SCardConnect((SCARDCONTEXT)context, reader, share, SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1, &h, &p);
	*card = h;
	*protocol = (uint32_t)p;
	return (uint32_t)rv;
}

static uint32_t mfad_reconnect(int64_t card, uint32_t *protocol) {
	DWORD p = 0;
	LONG rv = SCardReconnect((SCARDHANDLE)card, SCARD_SHARE_SHARED, SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1, SCARD_LEAVE_CARD, &p);
	*protocol = (uint32_t)p;
	return (uint32_t)rv;
}

static uint32_t mfad_disconnect(int64_t card, int reset) {
	return (uint32_t)SCardDisconnect((SCARDHANDLE)card, reset ? SCARD_RESET_CARD : SCARD_LEAVE_CARD);
}

static uint32_t mfad_begin(int64_t card) {
	return (uint32_t)SCardBeginTransaction((SCARDHANDLE)card);
}

static uint32_t mfad_end(int64_t card) {
	return (uint32_t)SCardEndTransaction((SCARDHANDLE)card, SCARD_LEAVE_CARD);
}

// atr has MAX_ATR_SIZE bytes.
static uint32_t mfad_atr(int64_t card, uint8_t *atr, uint32_t *len) {
	char name[MAX_READERNAME];
	DWORD nameLen = sizeof name, state = 0, protocol = 0, n = MAX_ATR_SIZE;
	LONG rv = SCardStatus((SCARDHANDLE)card, name, &nameLen, &state, &protocol, atr, &n);
	*len = (uint32_t)n;
	return (uint32_t)rv;
}

static uint32_t mfad_transmit(int64_t card, uint32_t protocol, const uint8_t *in, uint32_t inLen, uint8_t *out, uint32_t *outLen) {
	DWORD n = *outLen;
	LONG rv = SCardTransmit((SCARDHANDLE)card, protocol == SCARD_PROTOCOL_T0 ? SCARD_PCI_T0 : SCARD_PCI_T1, in, inLen, NULL, out, &n);
	*outLen = (uint32_t)n;
	return (uint32_t)rv;
}
*/
import "C"

import "unsafe"

// What the C types stand for. No Go string goes to C as a copy: names are byte
// slices with a zero at the end, which live as long as the call.
type (
	cContext = C.int64_t
	cHandle  = C.int64_t
)

const (
	shareExclusive = C.SCARD_SHARE_EXCLUSIVE // tests hold a reader with it
	shareShared    = C.SCARD_SHARE_SHARED
	protocolT0     = C.SCARD_PROTOCOL_T0
	statePresent   = C.SCARD_STATE_PRESENT
	stateUnknown   = C.SCARD_STATE_UNKNOWN
	maxATR         = C.MAX_ATR_SIZE
	infinite       = 0xFFFFFFFF
)

func establish() (cContext, Code) {
	var c cContext
	rv := C.mfad_establish(&c)
	return c, Code(rv)
}

func release(c cContext) { C.mfad_release(c) }

func cancel(c cContext) { C.mfad_cancel(c) }

// listReaders returns the names one after the other, each with a zero, and one
// zero more.
func listReaders(c cContext) ([]byte, Code) {
	for {
		var n C.uint32_t
		if rv := Code(C.mfad_readers(c, nil, &n)); rv != codeOK {
			return nil, rv
		}
		names := make([]byte, n+1)
		rv := Code(C.mfad_readers(c, (*C.char)(unsafe.Pointer(&names[0])), &n))
		if rv == codeInsufficient { // one was plugged in between
			continue
		}
		return names[:n], rv
	}
}

// statusChange waits until a state is another than states says, and sets them.
func statusChange(c cContext, timeout uint32, names []byte, states []uint32) Code {
	return Code(C.mfad_change(c, C.uint32_t(timeout), (*C.char)(unsafe.Pointer(&names[0])),
		(*C.uint32_t)(unsafe.Pointer(&states[0])), C.uint32_t(len(states))))
}

func connect(c cContext, reader string, share uint32) (h cHandle, protocol uint32, code Code) {
	name := append([]byte(reader), 0)
	var p C.uint32_t
	rv := C.mfad_connect(c, (*C.char)(unsafe.Pointer(&name[0])), C.uint32_t(share), &h, &p)
	return h, uint32(p), Code(rv)
}

func reconnect(h cHandle) (protocol uint32, code Code) {
	var p C.uint32_t
	rv := C.mfad_reconnect(h, &p)
	return uint32(p), Code(rv)
}

func disconnect(h cHandle, reset bool) Code {
	var r C.int
	if reset {
		r = 1
	}
	return Code(C.mfad_disconnect(h, r))
}

func begin(h cHandle) Code { return Code(C.mfad_begin(h)) }

func end(h cHandle) Code { return Code(C.mfad_end(h)) }

func atr(h cHandle) ([]byte, Code) {
	var b [maxATR]byte
	var n C.uint32_t
	rv := C.mfad_atr(h, (*C.uint8_t)(&b[0]), &n)
	return b[:min(int(n), maxATR)], Code(rv)
}

// transmit puts the answer into out and returns its length.
func transmit(h cHandle, protocol uint32, apdu, out []byte) (int, Code) {
	n := C.uint32_t(len(out))
	rv := C.mfad_transmit(h, C.uint32_t(protocol), (*C.uint8_t)(&apdu[0]), C.uint32_t(len(apdu)), (*C.uint8_t)(&out[0]), &n)
	return int(n), Code(rv)
}
