package keystore

import (
	"unsafe"

	"golang.org/x/sys/windows"
)

// newPage returns zeroed memory for n bytes that is kept in RAM, or ordinary
// memory if the system grants none.
func newPage(n int) []byte {
	if n == 0 {
		return nil
	}
	addr, err := windows.VirtualAlloc(0, uintptr(n), windows.MEM_COMMIT|windows.MEM_RESERVE, windows.PAGE_READWRITE)
	if err != nil {
		return make([]byte, n)
	}
	_ = windows.VirtualLock(addr, uintptr(n))
	return unsafe.Slice((*byte)(*(*unsafe.Pointer)(unsafe.Pointer(&addr))), n)
}

// freePage gives memory back; VirtualFree refuses what VirtualAlloc did not
// give, which the garbage collector owns.
func freePage(page []byte) {
	if page != nil {
		_ = windows.VirtualFree(uintptr(unsafe.Pointer(&page[0])), 0, windows.MEM_RELEASE)
	}
}
