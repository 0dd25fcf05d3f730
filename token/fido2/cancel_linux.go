//go:build cgo

package fido2

/*
#cgo LDFLAGS: -lfido2
#include <stdint.h>

struct fido_dev;
int fido_dev_cancel(struct fido_dev *);

static void cancel(uintptr_t handle) {
	struct fido_dev *dev = __atomic_load_n((struct fido_dev **)handle, __ATOMIC_ACQUIRE);
	if (dev != 0)
		(void)fido_dev_cancel(dev);
}
*/
import "C"

import (
	"reflect"
	"runtime"

	libfido2 "github.com/keys-pub/go-libfido2"
)

// cancel is d.Cancel, but for one thing: that reads the handle, which opening
// writes without the lock, in a way that is a data race. Closing takes the
// lock before it frees.
func cancel(d *libfido2.Device) {
	d.Lock()
	defer d.Unlock()
	field := reflect.ValueOf(d).Elem().FieldByName("dev")
	if !field.IsValid() || field.Kind() != reflect.Pointer {
		return // another version: the call ends at its own limit
	}
	C.cancel(C.uintptr_t(field.UnsafeAddr()))
	runtime.KeepAlive(d)
}
